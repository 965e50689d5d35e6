package csvfile_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"ledgerline/adapters/csvfile"
	"ledgerline/commands"
)

// opened reads a file and tells how its text was written.
func opened(t *testing.T, file string) ([]commands.ImportRow, string) {
	t.Helper()
	f, err := csvfile.Open(strings.NewReader(file))
	require.NoError(t, err)
	got := slices.Collect(f.Rows())
	require.NoError(t, f.Err())
	return got, f.Encoding()
}

func TestUTF16IsReadInEitherOrderWithAndWithoutAMark(t *testing.T) {
	for _, plain := range []string{
		head + "u1,e,p,Åsa,Стоянова,1\nu2,e,p,a,\"b\n\",2\n",
		"Потребителски идентификатор;Фирма;Шаблон;Име;Фамилия;Вътрешен номер\r\nu1;e;p;Åsa;Стоянова;1\r\n",
	} {
		want, name := opened(t, plain)
		require.Equal(t, "UTF-8", name)
		require.Equal(t, "Стоянова", want[0].Subscriber.LastName)
		for _, order := range []unicode.Endianness{unicode.LittleEndian, unicode.BigEndian} {
			for _, mark := range []unicode.BOMPolicy{unicode.UseBOM, unicode.IgnoreBOM} {
				coded := must(unicode.UTF16(order, mark).NewEncoder().String(plain))
				got, name := opened(t, coded)
				require.Equal(t, want, got)
				require.Equal(t, "UTF-16", name)

				back := must(unicode.UTF16(order, unicode.ExpectBOM).NewDecoder().String(rejects(t, coded, map[int]string{2: "né"})))
				separator := plain[strings.IndexAny(plain, ",;")]
				first, _, _ := strings.Cut(plain, "\n")
				require.Equal(t, strings.TrimSuffix(first, "\r")+string(separator)+"error\r\n"+
					strings.ReplaceAll("u1;e;p;Åsa;Стоянова;1;né\r\n", ";", string(separator)), back)
			}
		}
	}
}

func TestAZeroByteInARowDoesNotMakeItUTF16(t *testing.T) {
	got, _ := opened(t, head+"u1,e,p,a\x00b,c,1\n")
	require.Equal(t, "a\x00b", got[0].Subscriber.FirstName)
	_, err := csvfile.Open(strings.NewReader("\x00\x00" + head))
	require.ErrorContains(t, err, "zero bytes")
}

// western is a file in Windows-1252.
func western(t *testing.T, text string) string {
	return must(charmap.Windows1252.NewEncoder().String(text))
}

func TestWindows1252IsReadAndSaidOnce(t *testing.T) {
	plain := "Användar-ID;Företag;Mall;Förnamn;Efternamn;Anknytning\r\nu1;e;p;Åsa;Öberg – €;1\r\nu2;e;p;Zoë;Lefèvre;2\r\n"
	want, _ := opened(t, plain)
	got, name := opened(t, western(t, plain))
	require.Equal(t, "Windows-1252", name)
	require.Equal(t, "Öberg – €", got[0].Subscriber.LastName)
	require.Equal(t, []string{"the file is not UTF-8 and was taken for Windows-1252; check that accented letters are right"}, got[0].Repairs)
	got[0].Repairs = nil
	require.Equal(t, want, got)

	again := rejects(t, western(t, plain), map[int]string{3: "né – дa"})
	require.Equal(t, western(t, "Användar-ID;Företag;Mall;Förnamn;Efternamn;Anknytning;error\r\nu2;e;p;Zoë;Lefèvre;2;né – ?a\r\n"), again)
	read, name := opened(t, again)
	require.Equal(t, "Windows-1252", name)
	require.Equal(t, want[1].Subscriber, read[0].Subscriber)
}

func TestTheEncodingIsFoundWhereverTheFirstAccentIs(t *testing.T) {
	long := head + strings.Repeat("u1,e,p,Anna,Berg,1\n", 10_000)
	got, name := opened(t, long+western(t, "u2,e,p,Åsa,Öberg,1\n"))
	require.Equal(t, "Windows-1252", name)
	require.Equal(t, "Öberg", got[10_000].Subscriber.LastName)
	require.Len(t, got[10_000].Repairs, 1)

	got, name = opened(t, long+"u2,e,p,Åsa,Öberg,1\n"+western(t, "u3,e,p,a,Öberg,1\n"))
	require.Equal(t, "UTF-8", name)
	require.Equal(t, "Öberg", got[10_000].Subscriber.LastName)
	require.ErrorContains(t, got[10_001].Err, "lastName: has characters that are not UTF-8")
}

func TestTextThatDoesNotFitTheEncodingIsRejectedByColumn(t *testing.T) {
	for name, c := range map[string]struct{ file, says string }{
		"bytes that Windows-1252 does not have":  {western(t, head+"u1,e,p,Åsa,Öberg,1\n") + "u2,e,p,\x81\xf6,b,1\n", "firstName: has a character that Windows-1252 does not have"},
		"UTF-8 among Windows-1252":               {western(t, head+"u1,e,p,Åsa,Öberg,1\n") + "u2,e,p,a,Ö,1\n", "lastName: is UTF-8 in a file that is Windows-1252 elsewhere"},
		"Cyrillic in Windows-1251":               {western(t, head+"u1,e,p,Åsa,Öberg,1\n") + must(charmap.Windows1251.NewEncoder().String("u2,e,p,Мария,b,1\n")), "firstName: looks like another alphabet"},
		"in a column that nobody knows the name": {western(t, "userId,delete, \nu1,,Åsa\n") + "u2,,\x8d\xf6\n", "column C: has a character"},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := opened(t, c.file)
			require.Len(t, got, 2)
			require.NoError(t, got[0].Err)
			require.Equal(t, 3, got[1].Number)
			require.ErrorContains(t, got[1].Err, c.says)
		})
	}
	cyrillic, name := opened(t, head+must(charmap.Windows1251.NewEncoder().String("u1,e,p,Иво,b,1\nu2,e,p,Мария,b,1\nu3,e,p,a,b,1\n")))
	require.Equal(t, "unknown", name)
	require.ErrorContains(t, cyrillic[0].Err, "firstName: looks like another alphabet", "short names are not taken for others")
	require.Error(t, cyrillic[1].Err)
	require.NoError(t, cyrillic[2].Err)
	_, err := csvfile.Open(strings.NewReader(must(charmap.Windows1251.NewEncoder().String("Потребител;Име\nu1;a\n"))))
	require.ErrorContains(t, err, "column A looks like another alphabet")
}

func TestRowsRejectedForTheirBytesAreNotGuessedNextTime(t *testing.T) {
	file := head + "u1,e,p,Åsa,Öberg,1\n" + western(t, "u2,e,p,a,Öberg,1\n")
	again := rejects(t, file, map[int]string{3: "bytes"})
	require.True(t, bytes.HasPrefix([]byte(again), []byte("\ufeff")))
	got, name := opened(t, again)
	require.Equal(t, "UTF-8", name)
	require.Error(t, got[0].Err)
}
