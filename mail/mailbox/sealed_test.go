package mailbox_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"haven"
	"haven/mail/mailbox"
	"haven/mail/mailbox/mailboxtest"
	"haven/mail/search"
	"haven/platform/db"
)

// secretWords stand in the mail of a seeded store and may be found nowhere on its disk.
var secretWords = []string{
	"metforminum", "Quillfeather", "quillfeather", "ward.seven", "hospital-of-clay", "pharmacy.fx001", "dischargenote",
	"allergyreport", "Bluebottle Lane", "x-unusual-header", "thread-parent-77", "return.path.of",
}

const telling = `From: "Odo Quillfeather" <ward.seven@hospital-of-clay.test>
To: pharmacy.fx001@haven.test
Bcc: hidden@hospital-of-clay.test
Subject: dischargenote for Quillfeather
Message-ID: <thread-child-78@hospital-of-clay.test>
References: <thread-parent-77@hospital-of-clay.test>
X-Unusual-Header: x-unusual-header
Content-Type: multipart/mixed; boundary=b

--b

Mr Quillfeather of Bluebottle Lane takes metforminum, metforminum and metforminum.
--b
Content-Type: text/plain; name="allergyreport.txt"
Content-Disposition: attachment; filename="allergyreport.txt"

metforminum
--b--
`

// Nothing of what a letter says can be read from the database, its log, the packs, the key store or the search index.
func TestNothingIsReadableOnDisk(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := mailboxtest.New(t, engine)
			seedTelling(t, s)
			shown := false
			for name, data := range onDisk(t, s) {
				shown = shown || bytes.Contains(data, []byte("Archive")) // folders' names are plain (decisions/)
				for _, word := range secretWords {
					for _, form := range []string{word, strings.ToLower(word), strings.ToUpper(word), hex.EncodeToString([]byte(word))} {
						if bytes.Contains(data, []byte(form)) {
							t.Errorf("%s holds %q", name, word)
						}
					}
				}
			}
			if !shown {
				t.Error("what was looked through isn't the store")
			}
		})
	}
}

// seedTelling does with telling letters whatever writes rows: filing, appending, copying, sending, expunging, indexing.
func seedTelling(t *testing.T, s *mailboxtest.Store) {
	t.Helper()
	ctx := t.Context()
	must(t, s.DB.Migrate(ctx, search.Schema))
	index, err := search.Open(ctx, search.Options{Main: s.DB, Store: s.Service, Itself: mailboxtest.Own, Clock: s.Clock,
		Keys:      func(ctx context.Context, no haven.AccountNo) (search.Terms, error) { return s.Keys.Account(ctx, no) },
		IndexPath: filepath.Join(s.Dir, "index.db")})
	must(t, err)
	t.Cleanup(func() { must(t, index.Close()) })
	an, shared := s.Account(), s.Account()
	s.Grants.Set(an, shared, haven.Member)
	v := mailboxtest.Own(an)
	trace := []byte("Return-Path: <return.path.of@hospital-of-clay.test>\r\n")
	for range 3 {
		_, err := s.File(ctx, []mailbox.Filing{{Account: an, Letter: s.Letter(telling), Trace: trace}}, nil)
		must(t, err)
	}
	_, err = s.File(ctx, []mailbox.Filing{{Account: shared, Letter: s.Letter(telling), Role: mailbox.Sent, SentBy: an}}, nil)
	must(t, err)
	for _, mb := range []haven.MailboxNo{sent, trash} {
		_, _, err := s.Append(ctx, v, mb, []mailbox.Append{{Letter: s.Letter(telling)}})
		must(t, err)
	}
	_, err = s.Copy(ctx, v, inbox, all, v.As(shared), inbox)
	must(t, err)
	flag(t, s, v, inbox, all, mailbox.Seen)
	for n := 1; n > 0; {
		n, err = index.Step(ctx)
		must(t, err)
	}
	expunge(t, s, v, inbox, only(1))
	s.Clock.Advance(31 * day)
	must(t, s.Maintain(ctx))
	// A large letter, which is a file of its own.
	s.Deliver(an, telling+strings.Repeat("metforminum for Quillfeather\n", 100_000))
}

// onDisk is all that the store keeps, by the name of its file or table.
func onDisk(t *testing.T, s *mailboxtest.Store) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	dirs := []string{s.Dir}
	for name, d := range map[string]*db.DB{"mail": s.DB, "keys": s.KeysDB} {
		if d.Engine() == "postgres" {
			dumpTables(t, d, name, all)
			continue
		}
		must(t, d.Read(t.Context(), func(tx *db.Tx) error {
			return tx.Query(`SELECT file FROM pragma_database_list`, nil, func(r db.Row) error {
				dirs = append(dirs, filepath.Dir(r.Text(0)))
				return nil
			})
		}))
	}
	for _, dir := range dirs {
		must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			all[path], err = os.ReadFile(path)
			return err
		}))
	}
	if len(all) < 5 {
		t.Fatalf("only %d files", len(all))
	}
	return all
}

// dumpTables writes every row of every table as text, octets in hexadecimal.
func dumpTables(t *testing.T, d *db.DB, name string, into map[string][]byte) {
	t.Helper()
	must(t, d.Read(t.Context(), func(tx *db.Tx) error {
		var tables []string
		if err := tx.Query(`SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()`, nil, func(r db.Row) error {
			tables = append(tables, r.Text(0))
			return nil
		}); err != nil {
			return err
		}
		for _, table := range tables {
			key := name + "." + table
			if err := tx.Query(`SELECT CAST(x AS TEXT) FROM `+table+` x`, nil, func(r db.Row) error {
				into[key] = append(append(into[key], r.Text(0)...), '\n')
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	}))
}
