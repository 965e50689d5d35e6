package csvfile_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/csvfile"
	"ledgerline/commands"
	"ledgerline/domain"
)

const head = "userId,spEnterpriseId,provisioningId,firstName,lastName,extension\n"

func rows(t *testing.T, file string) []commands.ImportRow {
	t.Helper()
	read, err := csvfile.Rows(strings.NewReader(file))
	require.NoError(t, err)
	return slices.Collect(read)
}

func TestFilesOfEveryBuildAreReadTheSame(t *testing.T) {
	plain := head + "u1,e,p,Anna,\"Öberg, x\",007\nu2,e,p,\"Jean \"\"JL\"\"\",\"two\nlines\",8\n"
	want := rows(t, plain)
	require.Len(t, want, 2)
	require.Equal(t, "Öberg, x", want[0].Subscriber.LastName)
	require.Equal(t, "007", want[0].Subscriber.Extension)
	require.Equal(t, `Jean "JL"`, want[1].Subscriber.FirstName)
	require.Equal(t, "two\nlines", want[1].Subscriber.LastName)

	utf16le := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(plain)) {
		utf16le = append(utf16le, byte(unit), byte(unit>>8))
	}
	for name, file := range map[string]string{
		"with a byte order mark":        "\ufeff" + plain,
		"in UTF-16":                     string(utf16le),
		"separated by semicolons":       strings.ReplaceAll(strings.NewReplacer(",", ";", "Öberg, x", "Öberg, x").Replace(plain), "Öberg; x", "Öberg, x"),
		"separated by tabs":             strings.NewReplacer("Öberg, x", "Öberg, x", ",", "\t").Replace(plain),
		"without a last line ending":    strings.TrimSuffix(plain, "\n"),
		"named in other case and space": strings.Replace(plain, head, " USERID ,spenterpriseid,\u00a0provisioningId,FirstName,LASTNAME,extension \n", 1),
		"quoted throughout its header":  strings.Replace(plain, head, `"userId","spEnterpriseId","provisioningId","firstName","lastName","extension"`+"\n", 1),
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, want, rows(t, file)) })
	}
	t.Run("ending lines in CRLF", func(t *testing.T) {
		got := rows(t, strings.ReplaceAll(plain, "\n", "\r\n"))
		require.Equal(t, "two\r\nlines", got[1].Subscriber.LastName, "a line break inside a cell stays as it is")
		require.Equal(t, want[0], got[0])
	})
	t.Run("in another order, one byte at a time", func(t *testing.T) {
		read, err := csvfile.Rows(iotest.OneByteReader(strings.NewReader("lastName,firstName,provisioningId,spEnterpriseId,userId\nÖberg,Anna,p,e,u1\n")))
		require.NoError(t, err)
		got := slices.Collect(read)
		require.Equal(t, "u1", got[0].Subscriber.UserID)
		require.Equal(t, "Öberg", got[0].Subscriber.LastName)
	})
}

func TestWhatIsWrongWithOneRowCostsThatRowOnly(t *testing.T) {
	good := "u9,e,p,Anna,Berg,1\n"
	for name, c := range map[string]struct{ row, says string }{
		"too few cells":              {"u1,e,p,Anna", "has 4 cells where the first line has 6"},
		"too many cells":             {"u1,e,p,Anna,Berg,1,2", "has 7 cells"},
		"a quote inside a cell":      {`u1,e,p,Anna "Annie" B,"Berg,1`, "quote inside a cell"},
		"text after a closing quote": {`u1,e,p,"Anna" B,Berg,1`, "quote inside a cell"},
		"a quote never closed":       {`u1,e,p,"Anna,Berg,1`, "never closed"},
		"bytes that are not UTF-8":   {"u1,e,p,Åsa,Bj\xf6rn,1", "lastName: has characters that are not UTF-8"},
		"an endless line":            {strings.Repeat("x", 200<<10), "longer than 64 KiB"},
	} {
		t.Run(name, func(t *testing.T) {
			got := rows(t, head+good+c.row+"\n"+strings.Repeat(good, 300))
			require.Len(t, got, 302)
			require.ErrorContains(t, got[1].Err, c.says)
			require.Equal(t, domain.Invalid, domain.AsRejection(got[1].Err).Kind)
			for i, row := range got {
				require.Equal(t, i+2, row.Number)
				require.True(t, i == 1 || row.Err == nil && row.Subscriber.UserID == "u9")
			}
		})
	}
	t.Run("an unclosed quote before quoted cells", func(t *testing.T) {
		got := rows(t, head+"u1,e,p,\"Anna,Berg,1\nu2,e,p,\"Jean \"\"JL\"\"\",Berg,1\n")
		require.Error(t, got[0].Err)
		require.NoError(t, got[1].Err)
		require.Equal(t, `Jean "JL"`, got[1].Subscriber.FirstName)
	})
}

func TestRowsAreNumberedAsASpreadsheetShowsThem(t *testing.T) {
	got := rows(t, "\r\n\n"+head+"u1,e,p,\"a\nb\",c,1\n\n,,,,,\nu2,e,p,a,b,1")
	require.Len(t, got, 2)
	require.Equal(t, []int{4, 7}, []int{got[0].Number, got[1].Number})
}

func TestHeadersThatCannotBeUsedAreRefusedBeforeAnyRow(t *testing.T) {
	fields := func(file string) map[string]string {
		_, err := csvfile.Rows(strings.NewReader(file))
		no := domain.AsRejection(err)
		require.NotNil(t, no, "%v", err)
		named := map[string]string{}
		for _, f := range no.Fields {
			named[f.Field] = f.Problem
		}
		return named
	}
	require.Equal(t, map[string]string{"userId": "the column is missing", "lastName": "the column is missing"}, fields("spEnterpriseId;provisioningId;firstName\n"))
	require.Equal(t, "there are two columns for it, A (userId) and G (BroadWorks-ID); keep one", fields(head[:len(head)-1] + ",BroadWorks-ID\n")["userId"])
	require.Len(t, fields("Anna,Berg\n"), 5)
	_, err := csvfile.Rows(strings.NewReader("userId;firstName;lastName\n"), "spEnterpriseId", "provisioningId")
	require.NoError(t, err, "what is given otherwise may be missing")
	for _, empty := range []string{"", "\n", "\ufeff", "\r\n\r\n"} {
		_, err := csvfile.Rows(strings.NewReader(empty))
		require.ErrorIs(t, err, csvfile.ErrEmpty)
	}
}

func TestUnknownColumnsAreIgnoredAndReported(t *testing.T) {
	f, err := csvfile.Open(strings.NewReader(" Shoe size ,status,Status,error," + head + "44,provisioned,new,bad,u1,e,p,Anna,Berg,1\n"))
	require.NoError(t, err)
	require.Equal(t, []string{"Shoe size"}, f.Ignored)
	got := slices.Collect(f.Rows())
	require.NoError(t, got[0].Err)
	require.Equal(t, "u1", got[0].Subscriber.UserID)
}

func TestAColumnSaysWhoIsToBeDeleted(t *testing.T) {
	for cell, want := range map[string]bool{
		"x": true, "X": true, " yes ": true, "TRUE": true, "1": true, "ja": true, "Oui": true, "да": true, "ДА": true,
		"": false, " ": false, "no": false, "False": false, "0": false, "nej": false, "non": false, "не": false, "-": false,
	} {
		got := rows(t, "userId,Ta bort\nu1,"+cell+"\n")
		require.NoError(t, got[0].Err, cell)
		require.Equal(t, want, got[0].Delete, cell)
	}
	for _, cell := range []string{"perhaps", "2", "?", "yes no"} {
		got := rows(t, "userId,delete\nu1,"+cell+"\n")
		require.ErrorContains(t, got[0].Err, "delete: must be x, yes, true or 1 to delete", cell)
		require.False(t, got[0].Delete)
	}
	require.False(t, rows(t, head+"u1,e,p,a,b,1\n")[0].Delete)
}

func TestRowsSeparatedOtherwiseThanTheFirstLineAreRefused(t *testing.T) {
	for _, file := range []string{head + "u1;e;p;a;b;1\nu2;e;p;a;b;1\n", head + "u1\te\tp\ta\tb\t1\n"} {
		_, err := csvfile.Rows(strings.NewReader(file))
		require.ErrorContains(t, err, "has its columns separated by commas, the rows by ")
	}
	require.Len(t, rows(t, head+"u1;e;p;a;b;1\nu2,e,p,a,b,1\n"), 2, "a single row does not make a file")
	require.Len(t, rows(t, head), 0)
}

func TestWhatExcelDoesToFilesIsUndone(t *testing.T) {
	for name, file := range map[string]string{
		"text protected by a formula":         "userId,delete,extension,primaryPhoneNumber\nu1,,=\"0042\",=\"+46701234567\"\n",
		"the same, quoted":                    "userId,delete,extension,primaryPhoneNumber\nu1,,\"=\"\"0042\"\"\",\"=\"\"+46701234567\"\"\"\r\n",
		"the same at the end of CRLF":         "userId,delete,primaryPhoneNumber,extension\r\nu1,,=\"+46701234567\",=\"0042\"\r\n",
		"a line that names the separator":     "sep=;\r\nuserId;delete;extension;primaryPhoneNumber\r\nu1;;0042;+46701234567\r\n",
		"the same, after a byte order mark":   "\ufeffSEP=\t\nuserId\tdelete\textension\tprimaryPhoneNumber\nu1\t\t0042\t+46701234567\n",
		"a ' in front of what it would run":   "userId,delete,extension,primaryPhoneNumber\nu1,,0042,'+46701234567\n",
		"cells that are empty, line by line":  "userId,delete,extension,primaryPhoneNumber\nu1,,0042,+46701234567\n,,,\n\" \",,,\n",
		"columns without a name at the right": "userId,delete,extension,primaryPhoneNumber,,\nu1,,0042,+46701234567,,\n",
	} {
		t.Run(name, func(t *testing.T) {
			got := rows(t, file)
			require.Len(t, got, 1)
			require.NoError(t, got[0].Err)
			require.Equal(t, 2, got[0].Number)
			require.Equal(t, "+46701234567", got[0].Subscriber.PrimaryPhoneNumber)
			require.Equal(t, "0042", got[0].Subscriber.Extension)
		})
	}
	for cell, want := range map[string]string{
		`=1+1`: `=1+1`, `="a""b"`: "", `"=""a"""""`: `=`, `=`: `=`, `=x"`: "", `="a" `: "",
	} {
		got := rows(t, "userId,delete,firstName\nu1,,"+cell+"\nu2,,b\n")
		require.Len(t, got, 2, cell)
		if want == "" {
			require.ErrorContains(t, got[0].Err, "quote inside a cell", cell)
		}
		require.NoError(t, got[1].Err, cell)
	}
}

func TestAFileThatBreaksOffSaysSoAndGivesNoHalfRow(t *testing.T) {
	broken := errors.New("connection lost")
	f, err := csvfile.Open(io.MultiReader(strings.NewReader(head+"u1,e,p,Anna,Berg,1\nu2,e,p,An"), iotest.ErrReader(broken)))
	require.NoError(t, err)
	got := slices.Collect(f.Rows())
	require.Len(t, got, 2)
	require.NoError(t, got[0].Err)
	require.ErrorContains(t, got[1].Err, "could not be read any further")
	require.Equal(t, 3, got[1].Number)
	require.ErrorIs(t, f.Err(), broken)
}

func TestReadingStopsWhenNobodyWantsMore(t *testing.T) {
	f, err := csvfile.Open(strings.NewReader(head + strings.Repeat("u1,e,p,Anna,Berg,1\n", 1000)))
	require.NoError(t, err)
	for range f.Rows() {
		break
	}
	require.NoError(t, f.Err())
}

func TestFilesWhoseLinesEndInCRAloneAreRead(t *testing.T) {
	want := rows(t, head+"u1,e,p,Anna,\"two\nlines\",7\nu2,e,p,\"a\",b,8\n")
	for _, file := range []string{
		"\r\r" + head + "u1,e,p,Anna,\"two\vlines\",7\ru2,e,p,\"a\",b,8\r",
		"\r\r" + head + "u1,e,p,Anna,\"two\vlines\",7\ru2,e,p,\"a\",b,8",
	} {
		got := rows(t, strings.ReplaceAll(strings.ReplaceAll(file, "\n", "\r"), "\v", "\n"))
		require.Len(t, got, 2)
		for i := range want {
			require.Equal(t, want[i].Subscriber, got[i].Subscriber)
			require.NoError(t, got[i].Err)
			require.Equal(t, want[i].Number+2, got[i].Number)
		}
	}
	require.Equal(t, strings.TrimSuffix(head, "\n")+",error\r\nu1,e,p,a,b,1,no\r\n", rejects(t, strings.ReplaceAll(head+"u1,e,p,a,b,1\n", "\n", "\r"), map[int]string{2: "no"}))
}
