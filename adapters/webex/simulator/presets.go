package simulator

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
)

//go:embed presets.json
var presetsFile []byte

// preset is a named set of knobs.
type preset struct {
	Means string                     `json:"means"`
	Knobs map[string]json.RawMessage `json:"knobs"`
}

var presets = sync.OnceValue(func() map[string]preset {
	all := map[string]preset{}
	if err := json.Unmarshal(presetsFile, &all); err != nil {
		panic(err)
	}
	return all
})

// Profiles says what each named set of knobs is like.
func Profiles() map[string]string {
	out := map[string]string{}
	for name, p := range presets() {
		out[name] = p.Means
	}
	return out
}

// Profile returns k with all knobs as a profile has them: what it does not name
// goes back to its default, except the rules and the seed, which stay.
//
// Errors: there is no such profile.
func (k Knobs) Profile(name string) (Knobs, error) {
	p, found := presets()[name]
	if !found {
		names := slices.Sorted(maps.Keys(presets()))
		return k, fmt.Errorf("there is no profile %q; there are %s", name, strings.Join(names, ", "))
	}
	k = k.clone()
	defaults, to := reflect.ValueOf(DefaultKnobs()), reflect.ValueOf(&k).Elem()
	for i := range knobsType.NumField() {
		if knobsType.Field(i).Tag.Get("group") != "rule" {
			to.Field(i).Set(defaults.Field(i))
		}
	}
	return k, k.turnAll(p.Knobs)
}

// profile returns the name of the profile that k is; empty: none.
func (k Knobs) profile() string {
	for _, name := range slices.Sorted(maps.Keys(presets())) {
		if same, err := k.Profile(name); err == nil && maps.EqualFunc(same.turned(), k.turned(), func(a, b any) bool { return Shown(a) == Shown(b) }) {
			return name
		}
	}
	return ""
}

// applyProfile serves PUT /simulator/profile/{name}.
func (s *Simulator) applyProfile(w http.ResponseWriter, _ *http.Request, name string) {
	k, err := s.turn(func(k *Knobs) (err error) { *k, err = k.Profile(name); return err }, false)
	if err != nil {
		writeJSON(w, http.StatusNotFound, errorBody{Message: err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, k)
}
