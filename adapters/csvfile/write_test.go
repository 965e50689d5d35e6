package csvfile_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"flag"
	"iter"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"ledgerline/adapters/csvfile"
	"ledgerline/domain/webex"
)

func each(users []webex.Subscriber) iter.Seq2[webex.Subscriber, error] {
	return func(yield func(webex.Subscriber, error) bool) {
		for _, u := range users {
			if !yield(u, nil) {
				return
			}
		}
	}
}

var someUser = webex.Subscriber{
	Request: webex.Request{
		ProvisioningID: "p", SPEnterpriseID: "e", Email: "anna@ent.example", Language: "sv_SE",
		Profile: webex.Profile{UserID: "u1", FirstName: "=1+1", LastName: `Öberg; "x"`, PrimaryPhoneNumber: "+46701234567", Extension: "0042", Timezone: "Europe/Stockholm", Package: "basic"},
	},
	Status: webex.Failed, Errors: []webex.Error{{Code: 10022, Description: "no"}, {Code: 10011, Description: "@nope"}},
	Created: time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC),
}

func TestUsersAreWrittenInTheseColumns(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, csvfile.WriteUsers(&out, each([]webex.Subscriber{someUser})))
	require.Equal(t, "userId,spEnterpriseId,provisioningId,firstName,lastName,email,package,primaryPhoneNumber,mobilePhoneNumber,extension,language,timezone,"+
		"status,errorCode,errorDescription,created,lastStatusChange,selfActivated\r\n"+
		`u1,e,p,'=1+1,"Öberg; ""x""",anna@ent.example,basic,'+46701234567,,0042,sv_SE,Europe/Stockholm,error,10022; 10011,no; @nope,2025-03-01T12:00:00Z,,false`+"\r\n", out.String())
}

func TestNoUsersStillGiveAHeader(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, csvfile.WriteUsers(&out, each(nil)))
	require.Equal(t, 1, strings.Count(out.String(), "\r\n"))
}

func TestWritingStopsAtAnError(t *testing.T) {
	broken := errors.New("no more")
	err := csvfile.WriteUsers(&bytes.Buffer{}, func(yield func(webex.Subscriber, error) bool) { yield(webex.Subscriber{}, broken) })
	require.ErrorIs(t, err, broken)
}

func TestChosenColumnsAreWrittenInTheOrderAsked(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, csvfile.WriteUsers(&out, each([]webex.Subscriber{someUser}), "status", "firstName", "userId"))
	require.Equal(t, "status,firstName,userId\r\nerror,'=1+1,u1\r\n", out.String())
	require.ErrorContains(t, csvfile.WriteUsers(&out, each(nil), "shoeSize"), `"shoeSize"`)
}

func TestTablesAreWrittenLikeUsers(t *testing.T) {
	var out bytes.Buffer
	rows := func(yield func([]string, error) bool) {
		_ = yield([]string{"-1", "a\nb"}, nil) && yield([]string{"", `"`}, nil)
	}
	require.NoError(t, csvfile.WriteTable(&out, []string{"a", "b"}, rows))
	require.Equal(t, "a,b\r\n'-1,\"a\nb\"\r\n,\"\"\"\"\r\n", out.String())
	broken := errors.New("no more")
	require.ErrorIs(t, csvfile.WriteTable(&out, []string{"a"}, func(yield func([]string, error) bool) { yield(nil, broken) }), broken)
}

// checks sets how many examples rapid tries until the test ends.
func checks(t *testing.T, n int) {
	f := flag.Lookup("rapid.checks")
	before := f.Value.String()
	require.NoError(t, f.Value.Set(strconv.Itoa(n)))
	t.Cleanup(func() { require.NoError(t, f.Value.Set(before)) })
}

func TestImportOfAnExportGivesBackEveryValue(t *testing.T) {
	text := rapid.OneOf(
		rapid.String(),
		rapid.StringMatching(`'{0,3}[=+\-@\t\r',;" ]{0,3}[a-z0-9\r\n"',;\t ]{0,6}`),
		rapid.SampledFrom([]string{"", "+46701234567", "0042", "=1+1", "'=x", "''", `"`, "a\r\nb", "\r", "\n", "\x00", "\ufeff", "'", "\u00a0"}),
	)
	user := rapid.Custom(func(t *rapid.T) webex.Subscriber {
		var u webex.Subscriber
		for _, field := range []*string{&u.UserID, &u.SPEnterpriseID, &u.ProvisioningID, &u.FirstName, &u.LastName, &u.Email, &u.PrimaryPhoneNumber, &u.MobilePhoneNumber, &u.Extension, &u.Language, &u.Timezone} {
			*field = text.Draw(t, "text")
		}
		u.Package = webex.Package(text.Draw(t, "package"))
		return u
	})
	checks(t, 10_000)
	rapid.Check(t, func(t *rapid.T) {
		users := rapid.SliceOfN(user, 0, 3).Draw(t, "users")
		var file bytes.Buffer
		require.NoError(t, csvfile.WriteUsers(&file, each(users)))
		for _, record := range must(csv.NewReader(bytes.NewReader(file.Bytes())).ReadAll()) {
			for _, cell := range record {
				require.False(t, cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r"), "a spreadsheet would run %q", cell)
			}
		}
		read, err := csvfile.Rows(&file)
		require.NoError(t, err)
		got := slices.Collect(read)
		require.Len(t, got, len(users))
		for i, u := range users {
			require.NoError(t, got[i].Err)
			require.Equal(t, u.Request, got[i].Subscriber.Request)
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func rejects(t require.TestingT, original string, reasons map[int]string) string {
	var out bytes.Buffer
	r, err := csvfile.NewRejects(&out, strings.NewReader(original))
	require.NoError(t, err)
	for row := range 100 {
		if reason, rejected := reasons[row]; rejected {
			require.NoError(t, r.Add(row, reason))
		}
	}
	require.NoError(t, r.Close())
	return out.String()
}

func TestRejectedRowsKeepTheirCellsSeparatorAndColumns(t *testing.T) {
	original := "\ufeffUSERID;spEnterpriseId;provisioningId;firstName;lastName;Shoe size\r\n" +
		"u1;e;p;Anna;Berg;44\r\n" +
		"u2;e;p;\"two\r\nlines\";=1+1;'=x\r\n" +
		"u3;e;p\r\n" +
		"u4;e;p;a;b;c;d\r\n" +
		"u5;e;p;\"open;b;c\r\n" +
		"u6;e;p;Bj\xf6rn;b;c\r\n"
	want := "\ufeffUSERID;spEnterpriseId;provisioningId;firstName;lastName;Shoe size;error\r\n" +
		"u2;e;p;\"two\r\nlines\";=1+1;'=x;\"line break; no\"\r\n" +
		"u3;e;p;;;;few\r\n" +
		"u4;e;p;a;b;c;d;many\r\n" +
		"\"u5;e;p;\"\"open;b;c\";;;;;;quote\r\n" +
		"u6;e;p;Bj\xf6rn;b;c;'=bytes\r\n"
	reasons := map[int]string{3: "line break; no", 4: "few", 5: "many", 6: "quote", 7: "=bytes"}
	got := rejects(t, original, reasons)
	require.Equal(t, want, got)
	again := rejects(t, got, map[int]string{2: "line break; no", 3: "few", 4: "many", 5: "quote", 6: "=bytes"})
	require.Equal(t, want, again, "there is one column of reasons, however often rows are rejected")
}

func TestARowThatIsNotThereCannotBeRejected(t *testing.T) {
	r, err := csvfile.NewRejects(&bytes.Buffer{}, strings.NewReader(head+"\nu1,e,p,a,b,1\n"))
	require.NoError(t, err)
	require.Error(t, r.Add(2, "empty"))
	require.Error(t, r.Add(9, "beyond the end"))
}
