package csvfile_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/csvfile"
	"ledgerline/domain/webex"
)

// FuzzRows: whatever the file, reading ends, rows are numbered upwards, none is
// lost without a word, every one can be found again to be rejected, and what was
// read is read again as it was from an export.
func FuzzRows(f *testing.F) {
	for _, seed := range []string{
		head + "u1,e,p,Anna,Berg,1\n", "\ufeff" + strings.ReplaceAll(head, ",", ";") + "u1;e;p;\"a\r\nb\";\"c\"\"d\";1\r\n",
		head + "u1,e,p,\"Anna,Berg,1\nu2,e,p,a,b,1\n", head + "\"\n\"\"\"\n\"x\"y\n\n,,,,,\n", "\xff\xfea\x00,\x00", head + "'=x,'+1,e,p\xff,\x00,\r",
		"sep=;\r\nuserId;delete\r\nu1;x\r\n", "userId\tdelete\terror\nu1\t=\"0042\"\tbad\nu2\t\t\t\n", "userId,delete,Förnamn\r\nu1,ja,\xe5\r\n",
		"\n ;;\nuserId;delete\n\xd6;\x81\n\xc3\x96;no\n", "\xfe\xff\x00u\x00s\x00e\x00r\x00,\x00d\x00e\x00l\x00e\x00t\x00e\x00\n\x04\x18\x00,\x00x",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		in, err := csvfile.Open(bytes.NewReader(file))
		if err != nil {
			return
		}
		var out bytes.Buffer
		rejected, err := csvfile.NewRejects(&out, bytes.NewReader(file))
		require.NoError(t, err)
		last, count := 0, 0
		var good []webex.Subscriber
		for row := range in.Rows() {
			require.Greater(t, row.Number, last)
			last = row.Number
			count++
			require.NoError(t, rejected.Add(row.Number, "why, \"then\""))
			if row.Err == nil {
				good = append(good, webex.Subscriber{Request: row.Subscriber.Request})
			}
		}
		require.NoError(t, in.Err())
		require.NoError(t, rejected.Close())
		if lines := plainLines(file); lines >= 0 {
			require.Equal(t, lines, count, "every line below the first is a row")
		}
		again, err := csvfile.Rows(&out)
		require.NoError(t, err)
		for range again {
			count--
		}
		require.Zero(t, count, "a file of rejected rows has as many rows as were rejected")

		var export bytes.Buffer
		require.NoError(t, csvfile.WriteUsers(&export, each(good)))
		read, err := csvfile.Rows(&export)
		require.NoError(t, err)
		for row := range read {
			require.NoError(t, row.Err)
			require.Equal(t, good[0].Request, row.Subscriber.Request)
			good = good[1:]
		}
		require.Empty(t, good)
	})
}

// plainLines counts the lines below the header of a file so plain that each must
// be a row; -1: it is not.
func plainLines(file []byte) int {
	text := string(file)
	if strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && (r < ' ' || r > '~') }) || strings.ContainsAny(text, "\"") || strings.HasPrefix(strings.ToLower(text), "sep=") {
		return -1
	}
	lines := -1
	for line := range strings.SplitSeq(text, "\n") {
		if strings.Trim(line, " ,;") != "" {
			lines++
		} else if line != "" {
			return -1 // whether that is empty depends on the separator
		}
	}
	return lines
}

// FuzzHeader: whatever the first line, either it is refused with the reason, or
// it names a column of user ids, once, and its names that nobody knows are told.
func FuzzHeader(f *testing.F) {
	for _, seed := range []string{
		"userId,spEnterpriseId,provisioningId,firstName,lastName", "Användar-ID;Ta bort;Skostorlek", "USER_ID\tdelete\tuser-id", "ID utilisateur;Supprimer;\"a;b\"",
		"Потребител;Изтрий;Имейл", "\xc4r,userId,delete", "\"userId\",\"delete", "sep=;", "userId,delete,,,", "userId,delete,User\u0301 ID",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		in, err := csvfile.Open(strings.NewReader(line))
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		for _, name := range in.Ignored {
			require.NotEmpty(t, strings.TrimSpace(name))
			require.Equal(t, strings.TrimSpace(name), name)
		}
		var out bytes.Buffer
		rejected, err := csvfile.NewRejects(&out, strings.NewReader(line))
		require.NoError(t, err)
		require.NoError(t, rejected.Close())
		again, err := csvfile.Open(&out)
		require.NoError(t, err, "what was understood is understood again")
		require.Equal(t, in.Ignored, again.Ignored)
	})
}
