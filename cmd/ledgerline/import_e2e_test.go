package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const importTemplate = `{"provisioningId":"bmV3","name":"New","region":"EU","emailLanguage":"sv","cluster":"C1","defaultPackage":"basic","emails":"trusted"}`

const importHead = "userId,spEnterpriseId,provisioningId,firstName,lastName,extension,email,package\n"

// withMistakes is four users, two of whom cannot be taken like this.
const withMistakes = importHead +
	"u1@as0.example,SP1+ent8,bmV3,Anna,Lind,1001,anna@ent8.example,basic\n" +
	"u2@as0.example,SP1+ent8,bmV3,Bo,,1002,bo@ent8.example,basic\n" +
	"u3@as0.example,SP1+ent8,bmV3,Cy,Ek,1003,cy@ent8.example,gold\n" +
	"u4@as0.example,SP1+ent8,bmV3,Di,Berg,1004,di@ent8.example,standard\n"

var importIDs = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)

// importOf returns the id of the import that a text tells of.
func importOf(t *testing.T, text string) string {
	t.Helper()
	id := importIDs.FindString(text)
	require.NotEmpty(t, id, text)
	return id
}

// aFileIsImportedCorrectedAndUndone does that step by step.
func aFileIsImportedCorrectedAndUndone(t *testing.T, ledgerline func(in string, args ...string) outcome) {
	done := func(code int, in string, args ...string) outcome {
		t.Helper()
		got := ledgerline(in, args...)
		require.Equal(t, code, got.code, got.out+got.talk)
		return got
	}
	users := func() (all []user) {
		for line := range strings.Lines(done(exitDone, "", "users", "list", "--json", "--limit", "0").out) {
			var u user
			require.NoError(t, json.Unmarshal([]byte(line), &u))
			all = append(all, u)
		}
		return all
	}
	done(exitDone, importTemplate, "templates", "apply", "-")
	file := fileOfUsers(t, withMistakes)

	dry := done(exitSome, "", "import", file, "--dry-run", "--behaviour", "sync", "--customer", "SP1+ent 8")
	require.Contains(t, dry.out, "2 to onboard")
	require.Contains(t, dry.talk, "To carry it out: ledgerline import "+file+" --behaviour sync --customer 'SP1+ent 8'")
	require.Contains(t, done(exitDone, "", "import", "list", "--awaiting").talk, "There are no such imports.", "a dry run leaves nothing to do behind")
	planned := done(exitDone, "", "import", "plan", file)
	require.Contains(t, planned.out, "4 rows: 2 to onboard, 0 unchanged, 2 rejected.")
	require.Contains(t, planned.out, "1 x lastName: is missing (row 3)")
	require.Contains(t, planned.out, "1 x package: must be one of softphone, basic, standard, premium (row 4)")
	require.Empty(t, users(), "a plan changes nobody")
	id := importOf(t, planned.out)
	shown := done(exitDone, "", "import", "show", id, "--verdict", "create")
	require.Contains(t, shown.out, "needs approval: plan")
	require.Contains(t, shown.out, "row 5: create u4@as0.example; ")
	require.Contains(t, done(exitDone, "", "import", "list", "--awaiting").out, id)
	require.Contains(t, done(exitRefused, "", "import", "apply", id, "--detach").talk, "not approved")
	done(exitDone, "", "import", "approve", id, "--reason", "looks right")
	applied := done(exitSome, "", "import", "apply", id)
	require.Contains(t, applied.out, "2 users onboarded, 0 unchanged, 2 rejected.")
	require.Len(t, users(), 2)
	require.Contains(t, done(exitDone, "", "import", "show", id).out, "4 of 4: 2 users onboarded")

	rejected := strings.TrimSuffix(file, ".csv") + ".rejected.csv"
	done(exitDone, "", "import", "rejected", id, rejected)
	text, err := os.ReadFile(rejected)
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(string(text), "\n"))
	require.Equal(t, string(text), done(exitDone, "", "import", "rejected", id, "-").out)
	corrected := strings.NewReplacer("Bo,,", "Bo,Ohm,", "gold", "premium").Replace(string(text))
	require.NoError(t, os.WriteFile(rejected, []byte(corrected), 0o600))
	second := done(exitDone, "", "import", rejected, "--yes", "--json")
	var result importResult
	require.NoError(t, json.Unmarshal([]byte(second.out), &result))
	require.Equal(t, importCounts{Rows: 2, Created: 2}, result.importCounts)
	require.Len(t, users(), 4)

	changed := strings.NewReplacer("Anna", "Anne", "gold", "premium", "Bo,,", "Bo,Ohm,").Replace(withMistakes)
	third := done(exitDone, changed, "import", "-", "--yes")
	require.Contains(t, third.talk, "row 2: u1@as0.example: firstName Anna -> Anne")
	require.Contains(t, third.out, "0 users onboarded, 1 changed, 3 unchanged, 0 rejected.")
	require.ElementsMatch(t, []string{"Anne", "Di", "Bo", "Cy"}, firstNames(users()))

	undone := done(exitDone, "", "import", "undo", importOf(t, regexp.MustCompile(`import undo \S+`).FindString(third.talk)), "--yes")
	require.Contains(t, undone.out, "1 changed")
	require.ElementsMatch(t, []string{"Anna", "Di", "Bo", "Cy"}, firstNames(users()))
	require.Contains(t, done(exitDone, "", "import", "list").out, "undo of")

	braked := done(exitWaits, "", "import", "undo", id, "--yes")
	require.Contains(t, braked.talk, "the brake asks for the approval of a second administrator")
	undo := importOf(t, regexp.MustCompile(`import approve \S+`).FindString(braked.talk))
	require.Equal(t, exitRefused, ledgerline("", "import", "approve", undo, "--second").code, "not by the one who planned it")
	colleague := fileOfUsers(t, done(exitDone, "", "tokens", "create", "colleague", "--role", "admin", "--scopes", "read,write").out)
	done(exitDone, "", "import", "approve", undo, "--second", "--token-file", colleague)
	require.Contains(t, done(exitDone, "", "import", "apply", undo).out, "2 deleted")
	require.Equal(t, exitNotFound, ledgerline("", "import", "show", "0d4b2f9c-52f5-5e0b-93c2-0f2f6dbb3f3e").code)
	require.Equal(t, exitRefused, ledgerline("", "import", "cancel", undo).code)
	require.Contains(t, done(exitNotFound, "", "import", "rejected", undo, "-").talk, "comes from no file")
}

func firstNames(users []user) (all []string) {
	for _, u := range users {
		all = append(all, u.FirstName)
	}
	return all
}

func TestColumnsThatNobodyReadsOrThatAreMissingAreNamed(t *testing.T) {
	s := startServed(t)
	s.typed(importTemplate, "templates", "apply", "-")
	got := s.typed("Shoe size,"+importHead+"44,u1@as0.example,SP1+ent8,bmV3,Anna,Lind,1001,anna@ent8.example,basic\n", "import", "-", "--yes")
	require.Equal(t, exitDone, got.code, got.talk)
	require.Contains(t, got.talk, "Ignored, because nothing here knows the column: Shoe size")

	got = s.typed("userId,firstName\nu1,Anna\n", "import", "-", "--yes")
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.talk, "The first line of the file must name the columns: userId, ")
	require.Contains(t, got.talk, "lastName: the column is missing")
	require.Contains(t, got.talk, "Nothing was imported.")
}

func TestAFileIsImportedCorrectedAndUndoneOnAServer(t *testing.T) {
	s := startServed(t)
	aFileIsImportedCorrectedAndUndone(t, s.typed)
}

func TestAFileIsImportedCorrectedAndUndoneWithoutAServer(t *testing.T) {
	data := t.TempDir()
	aFileIsImportedCorrectedAndUndone(t, func(in string, args ...string) outcome {
		return typed(t.Context(), in, append(args, "--data", data)...)
	})
}
