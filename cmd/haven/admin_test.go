package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"haven/platform/db"
)

const (
	aisha = "aisha.rahman@pharmacies.test"
	ben   = "ben.whitlock@pharmacies.test"
	box   = "nhspharmacy.leeds.testpharmacyFX002@pharmacies.test"
)

// verbCases are an operator's day, in order: what is typed, the exit code, and what is answered (on the error output
// where the code is not 0).
var verbCases = []struct {
	words string
	code  int
	want  string
}{
	{"account list", 0, ""},
	{"account add Aisha Rahman", 0, aisha + "  password "},
	{"account add Ben Whitlock", 0, ben + "  password "},
	{"account add Ben Whitlock", 0, "ben.whitlock2@pharmacies.test  password "},
	{"account add Ben Whitlock --address " + ben, 1, "This address is not free."},
	{"account add Ben Whitlock --address ben@elsewhere.test", 1, "\"elsewhere.test\" is not one of this service's domains."},
	{"account add Carys Morgan --state asleep", 1, "\"asleep\" is no state; use invited, active,"},
	{"account add Carys Morgan --state invited", 0, "carys.morgan@pharmacies.test  password "},
	{"account add Carys", 2, "a word is missing after \"Carys\""},
	{"account show nobody@pharmacies.test", 1, "there is no account nobody@pharmacies.test"},
	{"account show nobody", 1, "\"nobody\" is no mail address"},
	{"account show " + aisha, 0, "personal account, active"},
	{"account list", 0, "personal  active    " + ben},
	{"account state " + ben + " disabled", 0, ben + " is disabled now"},
	{"account state " + ben + " active", 0, ben + " is active now"},
	{"account state " + ben + " gone", 1, "\"gone\" is no state"},
	{"account password " + ben, 0, ben + "  password "},
	{"account known " + ben, 1, "There is nothing to confirm."},
	{"account unlock " + ben, 0, ben + " was not locked; failed log ins are forgotten"},
	{"account show " + ben, 0, "  password: expires 20"},
	{"account show " + ben, 0, "; mail programs may use it\n  app passwords: 0, last used never\n"},
	{"account show carys.morgan@pharmacies.test", 0, "  mail programs are refused now: Activate your account first. The helpdesk tells you how.\n"},
	{"account alias " + ben + " b.w@pharmacies.test", 0, "b.w@pharmacies.test leads to " + ben},
	{"account alias " + aisha + " b.w@pharmacies.test", 1, "This address is not free."},
	{"account alias " + aisha + " a@elsewhere.test", 1, "not one of this service's domains"},
	{"account show b.w@pharmacies.test", 0, "address b.w@pharmacies.test"},
	{"operator list", 0, "There is no operator; haven admin operator add ADDRESS names one."},
	{"operator add " + ben, 0, "It opens once this is done: An operator logs in with a second step."},
	{"operator add " + ben, 1, "This person is an operator already."},
	{"operator add nobody@pharmacies.test", 1, "there is no account nobody@pharmacies.test"},
	{"operator add", 2, "it needs words after it"},
	{"operator remove " + aisha, 1, "This person is no operator."},
	{"operator remove " + ben, 1, "This is the last operator."},
	{"operator add carys.morgan@pharmacies.test", 0, "carys.morgan@pharmacies.test is an operator now"},
	{"operator remove " + ben, 1, "This is the last operator."}, // Carys has not activated the account
	{"operator remove " + ben + " --anyway", 0, ben + " is no operator any more"},
	{"operator list", 0, "does not serve: The account is invited"},
	{"account contact " + aisha + " --mobile 07700900123 --proven", 0, aisha + " is reached by what was set."},
	{"token list", 0, "none"},
	{"token add monitoring", 1, "say until when the token serves"},
	{"token add monitoring --until 2020-01-01", 1, "Name a day that is still to come."},
	{"token add monitoring --until noon", 1, "is no day and no time"},
	{"token revoke 1", 1, "there is no token 1 that serves"},
	{"notice list", 0, "none"},
	{"notice post fire Texts_are_late We_know.", 1, "Say what the notice is about"},
	{"notice post planned Disks No_mail.", 1, "Say until when the work lasts."},
	{"notice post planned Disks No_mail. --until noon", 1, "\"noon\" is no day and no time"},
	{"notice post problem Texts_are_late", 2, "a word is missing after"},
	{"notice end 1", 1, "there is no notice 1 that is not over"},
	{"notice end one", 1, "\"one\" is no id"},
	{"notice list --past", 0, "none"},
	{"text list", 0, "national-desk  National helpdesk"},
	{"text show help", 0, "The pharmacy helpdesk helps with everything"},
	{"text show nothing", 1, "there is no such text nothing; haven admin text list shows them"},
	{"text show help --version 7", 1, "there is no such text help"},
	{"text write /nowhere/x help", 1, "/nowhere/x"},
	{"text write testdata/rules.txt nothing", 1, "there is no such text nothing"},
	{"text write testdata/rules.txt help", 0, "version 1 of help is published"},
	{"rules show", 0, "version 1"},
	{"rules publish testdata/rules.txt --from 2020-01-01", 1, "still to come"},
	{"rules publish testdata/rules.txt", 0, "version 2 is published"},
	{"rules publish testdata/rules.txt", 1, "published already"},
	{"registration tasks", 0, "0 open"},
	{"registration thaw FX999", 1, "there is no organisation FX999"},
	{"registration settle HV-7K4M-2Q9D not-me 1", 1, "there is no such open task"},
	{"registration settle HV-7K4M-2Q9D sideways 1", 1, "\"sideways\" is no kind of task"},
	{"registration settle HV-7K4M-2Q9D approval 0", 1, "haven admin registration approve"},
	{"registration show HV-7K4M-2Q9D", 1, "nothing of that reference waits to be decided"},
	{"registration approve HV-7K4M-2Q9D --for desk", 1, "say with --by on whose word"},
	{"registration approve HV-7K4M-2Q9D --for desk --by nobody@pharmacies.test", 1, "there is no account nobody@pharmacies.test"},
	{"registration approve HV-7K4M-2Q9D --for desk --by " + aisha, 1, aisha + " is no operator"},
	{"registration refuse HV-7K4M-2Q9D", 1, "Say why"},
	{"registration refuse HV-7K4M-2Q9D --reason No", 1, "nothing of that reference waits to be decided"},
	{"registration settle HV-7K4M-2Q9D not-me one", 1, "\"one\" is no person's number"},
	{"organisation add pharmacy FX002 Test_Pharmacy Leeds", 0, "FX002  Test Pharmacy, Leeds"},
	{"organisation add pharmacy FX002 Test_Pharmacy Leeds", 1, "There is an organisation with this code already."},
	{"organisation add pharmacy F1 Test_Pharmacy Leeds", 1, "The ODS code of a pharmacy is F, a letter"},
	{"organisation add gp-practice B86999 Elder_Lane_Surgery Leeds", 0, "B86999  Elder Lane Surgery, Leeds"},
	{"organisation add shop X1 X Leeds", 1, "\"shop\" is no kind of organisation; use pharmacy, head-office,"},
	{"mailbox add FX999", 1, "there is no organisation FX999"},
	{"mailbox add FX002", 1, "name one with --owner ADDRESS"},
	{"mailbox add FX002 --owner nobody@pharmacies.test", 1, "there is no account nobody@pharmacies.test"},
	{"mailbox add FX002 --owner " + aisha, 0, box + "  Pharmacy FX002 (Test Pharmacy, Leeds)"},
	{"mailbox add FX002 --owner " + aisha, 1, "FX002 has its mailbox already; haven admin ods show FX002 names it"},
	{"mailbox list", 0, box},
	{"mailbox reading " + box, 0, box + ": together"},
	{"mailbox reading " + box + " each", 0, box + ": each"},
	{"mailbox reading " + box + " mine", 1, "say together or each"},
	{"mailbox reading " + aisha + " each", 1, "is a person's account and no shared mailbox"},
	{"mailbox reading " + box + " together", 0, box + ": together"},
	{"ods show fx002", 0, "mailbox " + box},
	{"ods show FX001", 1, "there is no organisation FX001"},
	{"member list " + box, 0, aisha + "             read,write,send-as,send-on-behalf,manage"},
	{"member list " + aisha, 1, "is a person's account and no shared mailbox"},
	{"member add " + box + " " + ben, 0, ben + ": read,write,send-as"},
	{"member add " + box + " " + aisha, 1, aisha + " is a member of " + box + " already; haven admin member set changes the rights or the end"},
	{"member list " + box, 0, aisha + "             read,write,send-as,send-on-behalf,manage"},
	{"member set " + box + " ben.whitlock2@pharmacies.test --rights read", 1, "ben.whitlock2@pharmacies.test is no member of " + box + "; haven admin member add lets a person in"},
	{"member set " + box + " " + ben, 1, "say what becomes of the membership: --rights, --until, or both"},
	{"member set " + box + " " + ben + " --rights read", 0, ben + ": read\n"},
	{"member set " + box + " " + ben + " --rights all", 1, "\"all\" is not a right; use read, write,"},
	{"member set " + box + " " + ben + " --rights none", 1, "use haven admin member remove"},
	{"member set " + box + " " + ben + " --until tomorrow", 1, "\"tomorrow\" is no day and no time; write it as 2026-12-31 or 2026-12-31T18:30"},
	{"member set " + box + " " + ben + " --until 2020-01-01", 1, "An access ends after it begins, and not in the past."},
	{"member set " + box + " " + ben + " --until 2126-01-31", 0, ben + ": read  until 2126-02-01 00:00\n"},
	{"member add " + box + " " + ben, 1, "is a member of " + box + " already"},
	{"member set " + box + " " + ben + " --rights member", 0, ben + ": read,write,send-as  until 2126-02-01 00:00\n"},
	{"member set " + box + " " + ben + " --until never", 0, ben + ": read,write,send-as\n"},
	{"member set " + box + " " + ben + " --until 2126-01-31", 0, ben + ": read,write,send-as  until 2126-02-01 00:00\n"},
	{"member set " + box + " " + ben + " --until=", 0, ben + ": read,write,send-as\n"},
	{"member set " + box + " " + aisha + " --until 2126-01-31", 1, "A mailbox keeps at least one owner, without an end date"},
	{"member set " + box + " " + ben + " --until 2126-01-31", 0, ben + ": read,write,send-as  until 2126-02-01 00:00\n"},
	{"member list " + box, 0, "read,write,send-as  until 2126-02-01"},
	{"account show " + ben, 0, "opens " + box + ": read,write,send-as"},
	{"account app-password " + ben + " phone", 0, "password "},
	{"account app-password " + ben + " phone --mailbox " + box, 0, ben + " for " + box + "  password "},
	{"account app-passwords " + ben, 0, "   2  " + box + " phone "},
	{"account app-passwords " + ben, 0, "  used never"},
	{"account app-passwords " + aisha, 0, ""},
	{"account app-passwords nobody@pharmacies.test", 1, "there is no account nobody@pharmacies.test"},
	{"account show " + ben, 0, "  app passwords: 2, last used never\n"},
	{"account revoke-app-password " + ben + " x", 1, "\"x\" is no id; haven admin account app-passwords " + ben + " shows them"},
	{"account revoke-app-password " + ben + " 7", 1, ben + " has no app password 7; "},
	{"account revoke-app-password " + aisha + " 2", 1, aisha + " has no app password 2; "},
	{"account revoke-app-password " + ben + " 2", 0, "app password 2 of " + ben + " is revoked"},
	{"account revoke-app-password " + ben + " 2", 1, ben + " has no app password 2; "},
	{"account app-passwords " + ben, 0, "   1  " + ben},
	{"account app-password ben.whitlock2@pharmacies.test phone --mailbox " + box, 1, "ben.whitlock2@pharmacies.test has no access to " + box},
	{"account state " + ben + " disabled", 0, ben + " is disabled now"},
	{"member list " + box, 0, "until 2126-02-01 00:00  (disabled)"},
	{"account state " + ben + " active", 0, ben + " is active now"},
	{"account state " + box + " leaver", 1, "A shared account is never leaver."},
	{"account state " + aisha + " leaver", 1, "Name another owner first: of " + box},
	{"account state " + aisha + " inactive", 1, "Name another owner first: of " + box},
	{"account state " + aisha + " disabled", 1, "Name another owner first: of " + box},
	{"account state " + aisha + " blocked", 0, "WARNING: " + box + " has no owner any more who can act; name one: haven admin member set " + box},
	{"audit about " + box, 0, "sharedmailbox.ownerless"},
	{"account state " + aisha + " active", 0, aisha + " is active now\n"},
	{"member remove " + box + " " + aisha, 1, "A mailbox keeps at least one owner"},
	{"member remove " + box + " " + ben, 0, ben + " has no access to " + box + " any more"},
	{"member remove " + box + " " + ben, 1, ben + " has no access to " + box},
	{"member remove " + box + " " + aisha + " --safety", 0, "WARNING: " + box + " has no owner any more who can act"},
	{"held list " + ben, 0, "0 kept for " + ben},
	{"held release " + ben + " x", 1, "\"x\" is no id; haven admin held list " + ben + " shows them"},
	{"held release " + ben + " 7", 1, "there is no original 7 for " + ben},
	{"mailbox undelete " + ben, 0, "Nothing that was deleted then is kept for " + ben + ". What was deleted more than 30 days ago is gone for good.\n"},
	{"mailbox undelete " + ben + " --apply", 0, "0 messages back in " + ben},
	{"mailbox undelete " + ben + " --folder Holiday", 1, "there is no folder in " + ben + " named Holiday"},
	{"mailbox undelete " + ben + " --into Holiday --apply", 1, "there is no folder in " + ben + " named Holiday"},
	{"mailbox undelete " + ben + " --since yesterday", 1, "\"yesterday\" is no day and no time; write it as 2026-12-31 or 2026-12-31T18:30"},
	{"mailbox undelete " + ben + " --since 2026-11-20 --until 2026-11-18", 1, "--until comes after --since"},
	{"mailbox undelete nobody@pharmacies.test", 1, "there is no account nobody@pharmacies.test"},
	{"queue list", 0, "0 in the queue"},
	{"queue list --state asleep", 1, "\"asleep\" is no state of the queue"},
	{"queue show x", 1, "\"x\" is no id; haven admin queue list shows them"},
	{"queue show 1", 1, "there is no letter in the queue 1"},
	{"queue hold", 1, "say which letters: an id, --domain, --from, or --all"},
	{"queue hold 1", 0, "No recipient was held"},
	{"queue drop --all", 0, "No recipient was dropped"},
	{"queue drop 0 --all", 1, "\"0\" is no id; haven admin queue list shows them"}, // else it would be the whole queue
	{"queue show 0", 1, "\"0\" is no id; haven admin queue list shows them"},
	{"dns show", 0, "pharmacies.test. IN TXT \"v=spf1 mx -all\""},
	{"dns", 0, "pharmacies.test. IN MX 10 localhost."},
	{"dns", 0, "_pop3s._tcp.pharmacies.test. IN SRV 0 0 0 ."},
	{"audit about " + ben, 0, "sharedmailbox.member-granted"},
	{"audit about " + ben, 0, "by the service (admin) on " + box + " with " + ben},
	{"audit search --about " + ben + " --what sharedmailbox.", 0, "sharedmailbox.member-granted"},
	{"audit search --by " + ben + " --rule nothing.at-all", 0, "nothing was recorded that fits"},
	{"audit search --since 2026-01-02 --until 2026-01-01", 1, "--until lies before --since"},
	{"audit search --about nobody@haven.example", 1, ""},
	{"audit export --about " + ben, 0, `"what":"sharedmailbox.member-granted","rule":"sharedmailbox.change"`},
	{"audit search --what audit.exported", 0, "audit.exported"},
	{"audit verify", 0, "all as they were written"},
	{"audit verify /dev/null", 1, "/dev/null holds no line with \"audit head\""},
	{"organisation central FX002 --contact Ines --email i@group.example", 1, "FX002 is no head office; with --off a premises may register itself"},
	{"organisation central FX999 --off", 1, "there is no organisation FX999"},
	{"organisation central FX002 --off", 0, "FX002 may register itself"},
	{"organisation central P001", 1, "say whom to ask at the head office: --contact NAME --email ADDRESS; or --off"},
	{"organisation central P001 --contact Ines --email group", 1, "Write an e-mail address, such as shop@pharmacy.example."},
	{"organisation central P001 --contact Ines --email i@group.example", 1, "no premises belongs to P001; import the national list first"},
	{"organisation central P001 --off", 1, "This group does not register its premises centrally."},
	{"organisation add head-office P001 Group_Office Leeds", 0, "P001  Group Office, Leeds"},
	{"organisation central p001 --contact Ines_Calvo --email i@group.example", 0, "the premises of P001 register through Ines Calvo, i@group.example"},
	{"organisation central P001 --off", 0, "the premises of P001 register themselves"},
	{"post add " + ben + " FX002 dispenser", 0, ben + " is dispenser at FX002"},
	{"post add " + ben + " FX002 dispenser", 1, "The person holds this post already."},
	{"post add " + ben + " FX999 dispenser", 1, "there is no organisation FX999"},
	{"post list " + ben, 0, "FX002 Test Pharmacy  dispenser"},
	{"post add carys.morgan@pharmacies.test B86999 receptionist", 0, "is receptionist at B86999"},
	{"post end carys.morgan@pharmacies.test FX002", 1, "There is no such post"},
	{"post end carys.morgan@pharmacies.test B86999 --successor nobody@pharmacies.test", 1, "there is no account nobody@pharmacies.test"},
	{"post end carys.morgan@pharmacies.test B86999", 0, "has left B86999 Elder Lane Surgery"},
	{"directory search", 2, "it needs words after it"},
	{"directory search *", 1, "Type at least 2 letters of a name, a place, an organisation or a code."},
	{"directory rebuild", 0, "people and mailboxes can be found"},
	{"directory search fx002 disp", 0, ben + "  "},
	{"directory search carys b86999", 0, "0 found"},
	{"directory search nobody_at_all", 0, "0 found"},
	{"request list", 0, "0 to decide"},
	{"request accept 7", 1, "there is no request 7; haven admin request list shows them"},
	{"request accept x", 1, "\"x\" is no id"},
	{"request refuse 7", 1, "Say why, in at most"},
	{"request refuse 7 --reason Unknown", 1, "there is no request 7"},
	{"ods import-contacts", 2, "it needs words after it"},
	{"ods import-contacts /nowhere", 1, "the file can't be read: open /nowhere: no such file or directory"},
	{"ods import-contacts /dev/null", 0, "0 lines: 0 as they are"},
	{"ods import-contacts /etc/passwd --apply", 1, "The first line names the columns: ODS code, e-mail, GPhC number, source, date."},
	{"ods import /nowhere", 1, "the file can't be read: open /nowhere: no such file or directory"},
	{"ods import", 2, "it needs words after it"},
	{"ods import /dev/null", 0, "0 lines: 0 as they are"},
	{"ods import /etc/passwd", 1, "lines of the file were refused; name the national list of premises"},
	{"ods import /etc/passwd --apply", 1, "lines of the file were refused; name the national list of premises"},
}

// passwords are what a test may not compare: they, ids, keys, and the minute.
var passwords = regexp.MustCompile(`password [a-z0-9-]+ |  id [a-z2-7]{26}|p=[A-Za-z0-9+/="\s]+|\d{4}-\d\d-\d\d \d\d:\d\d`)

// warned is what a command without a service prints of the log, which else is the service's.
var warned = regexp.MustCompile(`(?m)^{.*"level":"WARN".*\n`)

// TestAdmin: the verbs answer alike, whether a service runs and does it, or none and the command opens the stores.
func TestAdmin(t *testing.T) {
	t.Parallel()
	day := func(i *installation) string {
		var all strings.Builder
		for _, c := range verbCases {
			words := []string{"admin", "--config", i.conf}
			for _, w := range strings.Fields(c.words) {
				words = append(words, strings.ReplaceAll(w, "_", " "))
			}
			out, errOut, code := operate(t, words...)
			answer := out
			if code != 0 {
				answer = errOut
			}
			if code != c.code || !strings.Contains(answer, c.want) || code != 0 && out != "" && !strings.HasPrefix(c.words, "ods import") {
				t.Errorf("%s: code %d, wanted %d with %q\n%s---\n%s", c.words, code, c.code, c.want, out, errOut)
			}
			if strings.HasPrefix(c.words, "audit") { // one seals each second, the other each time
				continue
			}
			fmt.Fprintf(&all, "$ %s\n%s", c.words, passwords.ReplaceAllString(out+warned.ReplaceAllString(errOut, ""), "…"))
		}
		return all.String()
	}
	running := install(t).serve()
	served := day(running)
	alone := install(t).founded()
	direct := day(alone)
	if served != direct {
		t.Errorf("a running service answers otherwise:\n%s\n---\n%s", served, direct)
	}
	if out, errOut, code := operate(t, "check", "--config", alone.conf); code != 0 || !strings.Contains(out, "notice: 1 mailboxes have no owner who can act") || !strings.Contains(out, "\n  "+box+"\n") {
		t.Errorf("check: %d\n%s%s", code, out, errOut)
	}
	if out := running.metrics(); !strings.Contains(out, "\nhaven_mailboxes_ownerless 1\n") {
		t.Errorf("the figures tell of no mailbox without an owner:\n%s", out)
	}
	for _, name := range []string{"audit seal", "process number", "sealing keys"} {
		if out := running.metrics(); !strings.Contains(out, "\nhaven_job_failures_total{job=\""+name+"\"} 0\n") {
			t.Errorf("the figures don't tell of the failures of %q:\n%s", name, out)
		}
	}
	if n := strings.Count(running.log.String(), "a mailbox has no owner who can act"); n != 2 {
		t.Errorf("the log tells %d times of a mailbox without an owner, wanted 2", n)
	}
	if log := running.log.String(); strings.Contains(log, "password ") {
		t.Errorf("a password is in the log:\n%s", log)
	}
}

// metrics are the service's figures.
func (i *installation) metrics() string {
	i.t.Helper()
	resp, err := http.Get("http://" + i.at("http") + "/metrics")
	if err != nil {
		i.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		i.t.Fatal(err)
	}
	return string(text)
}

// TestRevokeAppPassword: the list tells of its use, and a revoked app password opens nothing any more.
func TestRevokeAppPassword(t *testing.T) {
	t.Parallel()
	i := install(t).serve()
	address, _ := i.person("Aisha", "Rahman")
	f := strings.Fields(i.admin("account", "app-password", address, "phone"))
	if len(f) < 5 || f[3] != "password" {
		t.Fatalf("app-password printed %q", f)
	}
	if n := i.letters(address, f[4]); n != 0 {
		t.Errorf("%d letters", n)
	}
	if out, want := i.admin("account", "app-passwords", address), "  used "+time.Now().UTC().Format("2006-"); !strings.Contains(out, want) || strings.Contains(out, f[4]) {
		t.Errorf("after its use: %s", out)
	}
	i.admin("account", "revoke-app-password", address, "1")
	if _, err := i.signIn(address, f[4]); err == nil {
		t.Error("the revoked app password still opens the mailbox")
	}
	if out := i.admin("account", "app-passwords", address); out != "" {
		t.Errorf("after the revocation: %s", out)
	}
}

// TestODS imports the real list: a preview that changes nothing, then once with progress, then again without a change.
func TestODS(t *testing.T) {
	t.Parallel()
	file := "../../../shared/data/edispensary.csv"
	if _, err := os.Stat(file); err != nil {
		t.Skip("the national list is not here: ../shared/data/edispensary.csv beside the module")
	}
	i := install(t).serve()
	for _, c := range []struct {
		words string
		want  []string
	}{
		{"", []string{"20932 lines: 0 as they are, 0 refused, 0 repeated; 0 active premises before", "new        20932", "worth a look: FDA91 is active and has the closing date", "Nothing was changed"}},
		{"--apply", []string{"of 20932 lines (50 %)", "20932 of 20932 lines (100 %)", "new        20932"}},
		{"--apply", []string{"20932 lines: 20932 as they are, 0 refused", "new        0", "changed    0"}},
	} {
		out := i.admin(append([]string{"ods", "import", file}, strings.Fields(c.words)...)...)
		for _, want := range c.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s: %q is not in\n%s", c.words, want, out)
			}
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	broken := append([]byte("\"F0\",\"NO PHARMACY\"\n"), bytes.ReplaceAll(bytes.Join(lines[:9000], nil), []byte(`,"A",`), []byte(`,"C",`))...)
	for _, c := range []struct {
		words []string
		code  int
		want  string
	}{
		{nil, 0, "line 1 refused: has 2 fields, not 27"},
		{nil, 0, "It would be refused: The file would close or suspend "},
		{nil, 0, "say that it may if it is right. To say so, run it again with --allow-closures.\n"},
		{nil, 0, "  line 2, closed: FA002 ROWLANDS PHARMACY\n"},
		{nil, 0, " more, closed\n"},
		{nil, 0, " active premises are not in the file; they stay as they are\n  missing: "},
		{[]string{"--apply"}, 1, "The file would close or suspend "},
		{[]string{"--apply"}, 1, "run it again with --allow-closures"},
		{[]string{"--apply"}, 1, "  line 2, closed: FA002 "},
		{[]string{"--allow-closures"}, 0, "Nothing was changed."},
		{[]string{"--apply", "--allow-closures"}, 0, "closed     "},
	} {
		out, errOut, code := operateIn(t, string(broken), append([]string{"admin", "--config", i.conf, "ods", "import", "-"}, c.words...)...)
		if code != c.code || !strings.Contains(out+errOut, c.want) {
			t.Errorf("%v: code %d, wanted %d and %q\n%.2000s%s", c.words, code, c.code, c.want, out, errOut)
		}
		if len(c.words) > 0 && c.words[0] == "--allow-closures" && strings.Contains(out, "would be refused") {
			t.Errorf("a preview that was told says that it would be refused:\n%s", out)
		}
	}
}

// TestFirstAccount: where mail programs may not use account passwords, the next step is printed, and works.
func TestFirstAccount(t *testing.T) {
	t.Parallel()
	i := install(t, "policy.account: passwords_in_programs = false").serve()
	out := i.admin("account", "add", "Aisha", "Rahman")
	if !strings.Contains(out, "haven admin account app-password "+aisha+" \"NAME OF THE PROGRAM\"\n") {
		t.Errorf("account add printed %s", out)
	}
	err := i.submit(aisha, strings.Fields(out)[2], aisha, "x")
	if err == nil || !strings.Contains(err.Error(), "Mail programs sign in with a password of their own. Ask the helpdesk for one.") {
		t.Errorf("with the account's password: %v", err)
	}
	app := strings.Fields(i.admin("account", "app-password", aisha, "the laptop"))[4]
	if err := i.submit(aisha, app, aisha, "x"); err != nil {
		t.Error(err)
	}
	want := "; mail programs may not use it, but app passwords\n  app passwords: 1, last used " + time.Now().Format(time.DateOnly)
	if out := i.admin("account", "show", aisha); !strings.Contains(out, want) {
		t.Errorf("account show prints %s", out)
	}
}

// TestLastOperatorIsBlocked: whoever blocks the last operator is told.
func TestLastOperatorIsBlocked(t *testing.T) {
	t.Parallel()
	i := install(t).serve()
	tess, _ := i.person("Tess", "Okafor")
	aisha, _ := i.person("Aisha", "Rahman")
	const warning = "nobody is an operator any more who can act"
	if out := i.admin("account", "state", aisha, "blocked"); strings.Contains(out, warning) {
		t.Errorf("before there is one: %s", out)
	}
	i.admin("operator", "add", tess)
	if out := i.admin("account", "state", tess, "blocked"); !strings.Contains(out, warning) {
		t.Errorf("it prints %s", out)
	}
}

// TestShutToPrograms: an operator shuts a mailbox to mail programs; a session that looks at it loses it, and it is not listed any more.
func TestShutToPrograms(t *testing.T) {
	t.Parallel()
	i := install(t).serve()
	address, password := i.person("Aisha", "Rahman")
	i.admin("organisation", "add", "gp-practice", "B86999", "Elder Lane Surgery", "Leeds")
	i.admin("mailbox", "add", "B86999", "--owner", address)
	box := regexp.MustCompile(`nhsgp\S+`).FindString(i.admin("mailbox", "list"))
	c, err := i.signIn(address, password)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	shared := func() (names []string) {
		t.Helper()
		all, err := c.List("", "Shared/"+box+"*", nil).Collect()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			names = append(names, m.Mailbox)
		}
		return names
	}
	name := "Shared/" + box
	if _, err := c.Select(name, nil).Wait(); err != nil || len(shared()) == 0 {
		t.Fatalf("before: %v, %v", err, shared())
	}
	if out := i.admin("account", "programs", box, "shut"); !strings.Contains(out, box+" is shut to mail programs") {
		t.Errorf("it prints %s", out)
	}
	if err := c.Noop().Wait(); err == nil {
		_, err = c.Select(name, nil).Wait()
		if err == nil {
			t.Error("the session still opens it")
		}
	}
	if c, err = i.signIn(address, password); err != nil {
		t.Fatal(err)
	}
	if names := shared(); len(names) > 0 {
		t.Errorf("it is listed: %v", names)
	}
	if out := i.admin("account", "show", box); !strings.Contains(out, "  shut to mail programs; ") {
		t.Errorf("account show prints %s", out)
	}
	i.admin("account", "programs", box, "open")
	if _, err := c.Select(name, nil).Wait(); err != nil {
		t.Errorf("open again: %v", err)
	}
	if _, errOut, code := operate(t, "admin", "--config", i.conf, "account", "programs", box, "ajar"); code == 0 || !strings.Contains(errOut, "neither open nor shut") {
		t.Errorf("%d: %s", code, errOut)
	}
}

// TestUnlock: an operator sees a lock, ends it, and the places that were slowed are so no more.
func TestUnlock(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, setting, shown, ended string
		tries                       int
	}{
		{"locked", "policy.lockout: lock_after = 3", "  locked until 20", " was locked until 20", 3},
		{"slowed", "policy.lockout: slow_after = 3", "  app passwords: 0", " was not locked; ", 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			i := install(t, c.setting).serve()
			address, password := i.person("Aisha", "Rahman")
			for n := range c.tries {
				if _, err := i.signIn(address, fmt.Sprintf("wrong-guess-%d", n)); err == nil {
					t.Fatal("a wrong password opens the account")
				}
			}
			if _, err := i.signIn(address, password); err == nil {
				t.Fatalf("it is not %s", c.name)
			}
			if out := i.admin("account", "show", address); !strings.Contains(out, c.shown) {
				t.Errorf("account show prints %s", out)
			}
			if out := i.admin("account", "unlock", address); !strings.Contains(out, address+c.ended) {
				t.Errorf("account unlock prints %s", out)
			}
			if out := i.admin("account", "show", address); strings.Contains(out, "locked until") {
				t.Errorf("after the unlocking account show prints %s", out)
			}
			if _, err := i.signIn(address, password); err != nil {
				t.Errorf("after the unlocking: %v", err)
			}
		})
	}
}

// TestAuditHeads: with the service's log, the audit log can't be cut or written anew unseen.
func TestAuditHeads(t *testing.T) {
	t.Parallel()
	i := install(t).serve()
	i.person("Aisha", "Rahman")
	i.log.await(t, `"msg":"audit head"`, i.ended)
	file := filepath.Join(t.TempDir(), "haven.log")
	keep := func(more string) {
		if err := os.WriteFile(file, []byte(i.log.String()+more), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	keep("")
	if out := i.admin("audit", "verify", file); !strings.Contains(out, "from the log are in the chain") {
		t.Errorf("verify says %s", out)
	}
	head := `time=2026-11-22T09:00:00Z level=INFO msg="audit head" n=%d hash=` + strings.Repeat("0f", 32) + "\n"
	for n, want := range map[int]string{1: "record 1: the head given out for this record has another hash", 9999: "record 9999: a head for 9999 records was given out"} {
		keep(fmt.Sprintf(head, n))
		out, errOut, code := operate(t, "admin", "--config", i.conf, "audit", "verify", file)
		if code != 1 || !strings.Contains(out, want) || !strings.Contains(errOut, "the audit log was altered in 1 places") {
			t.Errorf("code %d\n%s%s", code, out, errOut)
		}
	}
}

func TestKeptHeads(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("ab", 32)
	log := "Nov 22 09:00:00 mx haven[12]: time=2026 level=INFO msg=\"audit head\" n=7 hash=" + hash + "\n" +
		`{"time":"2026","level":"INFO","msg":"audit head","n":8,"hash":"` + hash + "\"}\n" +
		"msg=\"audit head\" n=9 hash=abc\n" + strings.Repeat("x", 100_000) + "\nmsg=\"audit head\" n=10 hash=" + hash
	heads, err := keptHeads(strings.NewReader(log), 10)
	if err != nil || len(heads) != 3 || heads[0].N != 7 || heads[1].N != 8 || heads[2].N != 10 || heads[0].Hash[0] != 0xab {
		t.Errorf("read %+v, %v", heads, err)
	}
	var many strings.Builder
	for n := range 1005 {
		many.WriteString("msg=\"audit head\" n=" + strconv.Itoa(n+1) + " hash=" + hash + "\n")
	}
	heads, err = keptHeads(strings.NewReader(many.String()), 100)
	if err != nil || len(heads) > 100 || len(heads) < 50 || heads[len(heads)-1].N < 980 {
		t.Errorf("%d heads kept of %d, the last %d, %v", len(heads), 1005, heads[len(heads)-1].N, err)
	}
}

// TestLongPath: a socket's address holds 107 octets, a data folder's path more.
func TestLongPath(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), strings.Repeat("a-long-name/", 12), "data")
	if err := os.MkdirAll(filepath.Dir(data), 0o700); err != nil {
		t.Fatal(err)
	}
	i := installIn(t, data).serve()
	i.person("Aisha", "Rahman")
	st, err := os.Stat(filepath.Join(data, adminSocket))
	if err != nil || st.Mode()&os.ModeSocket == 0 || st.Mode().Perm() != 0o600 {
		t.Fatalf("the socket: %v, %v", st, err)
	}
	i.stop()
	if _, err := os.Stat(filepath.Join(data, adminSocket)); err == nil {
		t.Error("the socket is there after the end")
	}
	if out := i.admin("account", "list"); !strings.Contains(out, aisha) {
		t.Errorf("without a service: %q", out)
	}
}

// TestSocketLeftBehind: what a killed service leaves behind is no service.
func TestSocketLeftBehind(t *testing.T) {
	t.Parallel()
	i := install(t).founded()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(i.data, adminSocket), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	i.person("Aisha", "Rahman")
	i.serve()
	if out := i.admin("account", "list"); !strings.Contains(out, aisha) {
		t.Errorf("served: %q", out)
	}
}

// TestACLKeepsDates: an owner who changes a locum's rights with a mail program gives the locum no more time.
func TestACLKeepsDates(t *testing.T) {
	t.Parallel()
	i := install(t).serve()
	owner, password := i.person("Aisha", "Rahman")
	locum, _ := i.person("Ben", "Whitlock")
	i.admin("organisation", "add", "pharmacy", "FX002", "Test Pharmacy", "Leeds")
	i.admin("mailbox", "add", "FX002", "--owner", owner)
	i.admin("member", "add", box, locum, "--until", "2126-01-31")
	c, err := i.signIn(owner, password)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetACL("Shared/"+box, imap.RightsIdentifier(locum), imap.RightModificationReplace, imap.RightSet("lr")).Wait(); err != nil {
		t.Fatal(err)
	}
	if out := i.admin("member", "list", box); !regexp.MustCompile(regexp.QuoteMeta(locum) + ` +read +until 2126-02-01 00:00`).MatchString(out) {
		t.Errorf("after SETACL:\n%s", out)
	}
}

// TestACLOfPresentRights: what SETACL adds or takes away is counted from the rights that somebody holds now: none, where the
// membership has ended, and those of the person, by whichever address.
func TestACLOfPresentRights(t *testing.T) {
	t.Parallel()
	i := install(t).serve()
	owner, password := i.person("Aisha", "Rahman")
	locum, _ := i.person("Ben", "Whitlock")
	other, _ := i.person("Carys", "Morgan")
	i.admin("account", "alias", other, "carys@"+testDomain)
	i.admin("organisation", "add", "pharmacy", "FX002", "Test Pharmacy", "Leeds")
	i.admin("mailbox", "add", "FX002", "--owner", owner, "--owner", other, "--member", locum)
	i.stop()
	i.endMemberships(t, locum)
	i.serve()
	c, err := i.signIn(owner, password)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := c.GetACL("Shared/" + box).Wait(); err != nil || data.Rights[imap.RightsIdentifier(locum)] != nil || data.Rights[imap.RightsIdentifier(other)] == nil {
		t.Errorf("%v, %v: it shows access that has ended, or lacks some", data, err)
	}
	if err := c.SetACL("Shared/"+box, imap.RightsIdentifier(locum), imap.RightModificationRemove, imap.RightSet("switekx")).Wait(); err != nil {
		t.Error(err)
	}
	if out := i.admin("account", "show", locum); strings.Contains(out, "opens") {
		t.Errorf("taking rights away gave access:\n%s", out)
	}
	if err := c.SetACL("Shared/"+box, imap.RightsIdentifier(locum), imap.RightModificationAdd, imap.RightSet("lr")).Wait(); err != nil {
		t.Fatal(err)
	}
	if out := i.admin("account", "show", locum); !strings.Contains(out, "opens "+box+": read\n") {
		t.Errorf("after more than reading was ended, and reading given:\n%s", out)
	}
	if err := c.SetACL("Shared/"+box, imap.RightsIdentifier("carys@"+testDomain), imap.RightModificationRemove, imap.RightSet("a")).Wait(); err != nil {
		t.Fatal(err)
	}
	if out := i.admin("account", "show", other); !regexp.MustCompile(`opens `+regexp.QuoteMeta(box)+`: read,write,send-as`).MatchString(out) || strings.Contains(out, "manage") {
		t.Errorf("after one right was taken away by an alias:\n%s", out)
	}
}

// endMemberships lets a person's memberships end, as if that had been their date. No service runs.
func (i *installation) endMemberships(t *testing.T, person string) {
	t.Helper()
	conf, err := loadConfig(i.conf)
	if err != nil {
		t.Fatal(err)
	}
	h, err := openHouse(t.Context(), conf, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	a, err := h.accountOf(t.Context(), person)
	if err == nil {
		err = h.db.Write(t.Context(), func(tx *db.Tx) error {
			tx.Exec(`UPDATE member SET until = $1 WHERE person = $2`, h.clock.Now().UnixMicro(), int64(a.No))
			return nil
		})
	}
	if err := errors.Join(err, h.close()); err != nil {
		t.Fatal(err)
	}
}

// TestLongAnswers: what belongs on the error output comes whole, however long.
func TestLongAnswers(t *testing.T) {
	t.Parallel()
	i := install(t).serve()
	for _, n := range []int{100, 5000, 15_000} {
		code := strings.Repeat("€", n/3)
		_, errOut, exit := operate(t, "admin", "--config", i.conf, "ods", "show", code)
		if want := "haven admin: there is no organisation " + code + "\n"; exit != 1 || errOut != want {
			t.Errorf("%d octets: code %d, %d octets answered: %.200s", n, exit, len(errOut), errOut)
		}
	}
}

// TestClosedPremises: a mailbox for premises that are closed is made only by somebody who says so.
func TestClosedPremises(t *testing.T) {
	t.Parallel()
	i := install(t).serve()
	owner, _ := i.person("Aisha", "Rahman")
	line := `"FX002","TEST PHARMACY","Y62","QOP","1 ELM AVENUE","","LEEDS","","","LS1 1AA","20060601","20250401","C","1","P001","20060601","","","","","","0","","QOP","","",""` + "\n"
	if out, errOut, code := operateIn(t, line, "admin", "--config", i.conf, "ods", "import", "-", "--apply"); code != 0 {
		t.Fatalf("%d\n%s%s", code, out, errOut)
	}
	words := []string{"admin", "--config", i.conf, "mailbox", "add", "FX002", "--owner", owner}
	_, errOut, code := operate(t, words...)
	if want := "FX002 (TEST PHARMACY, LEEDS) closed on 2025-04-01; if it shall have a mailbox all the same, say --closed-anyway"; code != 1 || !strings.Contains(errOut, want) {
		t.Errorf("code %d: %s", code, errOut)
	}
	if out, errOut, code := operate(t, append(words, "--closed-anyway")...); code != 0 || !strings.Contains(out, box) {
		t.Errorf("code %d: %s%s", code, out, errOut)
	}
}

// TestAbandonedPipe: a signal ends a command that waits for a pipe, beside a service and without: for more, or for somebody
// to write into it.
func TestAbandonedPipe(t *testing.T) {
	t.Parallel()
	i := install(t).founded()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	words := []string{"admin", "--config", i.conf, "ods", "import", pipe}
	const stopped = "it was stopped before it was done; run it again"
	for _, served := range []bool{false, true} {
		if served {
			i.serve()
		}
		c := spawn(t, words...)
		w, err := os.OpenFile(pipe, os.O_WRONLY, 0) // opens once the command has opened the other end
		if err != nil {
			t.Fatal(err)
		}
		if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		select {
		case code := <-c.ended:
			if c.ended <- code; code != 1 || !strings.Contains(c.out.String(), stopped) {
				t.Errorf("served %t: code %d, %s", served, code, c.out)
			}
		case <-time.After(patience):
			t.Errorf("served %t: it does not end\n%s", served, c.out)
		}
		_ = w.Close() // nobody reads any more
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errOut bytes.Buffer
	if code := run(ctx, words, stdio{strings.NewReader(""), &out, &errOut}); code != 1 || !strings.Contains(errOut.String(), stopped) {
		t.Errorf("with nobody who writes: code %d, %s%s", code, out.String(), errOut.String())
	}
}
