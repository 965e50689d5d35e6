package simulator

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// partnerOf says whose token it is. Tokens from /v1/access_token carry their
// end as "sim-<partner>~<seconds since 1970>", so nothing has to be kept.
func (s *Simulator) partnerOf(token string) (partner string, ok bool) {
	if partner, ok = s.options.Tokens[token]; ok {
		return partner, true
	}
	name, ok := strings.CutPrefix(token, "sim-")
	if !ok {
		return "", false
	}
	name, ends, expires := strings.Cut(name, "~")
	if expires {
		at, err := strconv.ParseInt(ends, 10, 64)
		if err != nil || s.now() >= at*1000 {
			return "", false
		}
	}
	return name, name != ""
}

// accessToken serves POST /v1/access_token with grant_type=refresh_token. Any
// client id and secret will do, as long as both are given.
//
// Source of fields: https://developer.webex.com/docs/integrations
func (s *Simulator) accessToken(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	partner, known := strings.CutPrefix(r.PostFormValue("refresh_token"), "refresh-")
	given := r.PostFormValue("client_id") != "" && r.PostFormValue("client_secret") != ""
	status, body := http.StatusOK, any(nil)
	switch {
	case r.Method != http.MethodPost:
		status, body = http.StatusMethodNotAllowed, map[string]string{"error": "invalid_request"}
	case r.PostFormValue("grant_type") != "refresh_token":
		status, body = http.StatusBadRequest, map[string]string{"error": "unsupported_grant_type"}
	case !given || !known || partner == "":
		status, body = http.StatusBadRequest, map[string]string{"error": "invalid_grant"}
	default:
		life := s.knobs.Load().TokenSeconds
		body = map[string]any{
			"access_token":             fmt.Sprintf("sim-%s~%d", partner, s.now()/1000+int64(life)),
			"expires_in":               life,
			"refresh_token":            "refresh-" + partner,
			"refresh_token_expires_in": int((90 * 24 * time.Hour).Seconds()),
			"token_type":               "Bearer",
		}
	}
	s.note("token", strconv.Itoa(status))
	writeJSON(w, status, body)
}
