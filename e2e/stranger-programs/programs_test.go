package programs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"haven/e2e/stage"
)

// TestPrograms has each program do its part on one demo. Each sends a letter with its own name as the subject, or
// reads.
func TestPrograms(t *testing.T) {
	h, cast := stage.Demo(t)
	liam, aisha := cast.Person("Liam Fenwick"), cast.Person("Aisha Rahman")
	pharmacy := cast.Shared[0].Address
	letter := func(subject string) string {
		return strings.ReplaceAll(stage.Letter(liam.Address, pharmacy, subject, subject+"@ward.example", "Two tablets at night."), "\r\n", "\n")
	}
	t.Run("send", func(t *testing.T) {
		for name, program := range senders(h, liam, pharmacy, letter) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				program.Must(t)
			})
		}
	})
	c := h.IMAP(aisha, nil)
	got := strings.Join(stage.Subjects(t, c, stage.Shared(pharmacy, "")), "\n")
	for name := range senders(h, liam, pharmacy, letter) {
		if n := strings.Count(got+"\n", name+"\n"); n != 1 {
			t.Errorf("the letter of %s is there %d times:\n%s", name, n, got)
		}
	}
	t.Run("read", func(t *testing.T) {
		for _, r := range readers(h, aisha, pharmacy) {
			t.Run(r.name, func(t *testing.T) {
				t.Parallel()
				if out := r.Must(t); !strings.Contains(out, r.want) {
					t.Errorf("it prints %q, not %q", out, r.want)
				}
			})
		}
		t.Run("mbsync", func(t *testing.T) { mbsync(t, h, aisha, pharmacy) })
		t.Run("neomutt", func(t *testing.T) { neomutt(t, h, aisha, pharmacy) })
	})
	t.Run("refused", func(t *testing.T) { refused(t, h, aisha, liam, pharmacy) })
}

// senders are programs that send as somebody to an address.
func senders(h *stage.House, who stage.Person, to string, letter func(subject string) string) map[string]stage.Program {
	out := map[string]stage.Program{}
	user := who.Address + ":" + who.Password
	curl := func(name, url string, more ...string) {
		out[name] = stage.Program{Name: "curl", Input: letter(name), Args: append([]string{"-sS", url, "--cacert", h.CA, "--user", user,
			"--mail-from", who.Address, "--mail-rcpt", to, "--crlf", "-T", "-"}, more...)}
	}
	curl("curl-smtp", "smtp://localhost:"+h.Port("submission"), "--ssl-reqd")
	curl("curl-smtps", "smtps://localhost:"+h.Port("submissions"))
	curl("curl-smtp-login", "smtps://localhost:"+h.Port("submissions"), "--login-options", "AUTH=LOGIN")
	curl("curl-smtp-ir", "smtps://localhost:"+h.Port("submissions"), "--sasl-ir")

	swaks := func(name, port string, more ...string) {
		out[name] = stage.Program{Name: "swaks", Args: append([]string{"--server", "localhost", "--port", h.Port(port), "--from", who.Address, "--to", to,
			"--auth-user", who.Address, "--auth-password", who.Password, "--header", "Subject: " + name, "--body", "Two tablets at night.", "--tls-verify", "--tls-ca-path", h.CA}, more...)}
	}
	swaks("swaks-plain", "submission", "--tls", "--auth", "PLAIN")
	swaks("swaks-login", "submission", "--tls", "--auth", "LOGIN")
	swaks("swaks-tls-on-connect", "submissions", "--tls-on-connect", "--auth", "PLAIN")
	swaks("swaks-pipelined", "submission", "--tls", "--auth", "PLAIN", "--pipeline")

	msmtp := func(name, port, starttls string) {
		out[name] = stage.Program{Name: "msmtp", Input: letter(name), Args: []string{"--host=localhost", "--port=" + h.Port(port), "--auth=on",
			"--user=" + who.Address, "--passwordeval=echo " + who.Password, "--tls=on", "--tls-starttls=" + starttls, "--tls-trust-file=" + h.CA,
			"--from=" + who.Address, to}}
	}
	msmtp("msmtp-starttls", "submission", "on")
	msmtp("msmtp-tls", "submissions", "off")
	return out
}

type reader struct {
	name string
	stage.Program
	want string
}

// readers are programs that read what somebody may open.
func readers(h *stage.House, who stage.Person, pharmacy string) []reader {
	const text = "Two tablets at night."
	user := who.Address + ":" + who.Password
	imap, imaps := "imap://localhost:"+h.Port("imap"), "imaps://localhost:"+h.Port("imaps")
	shared := "/Shared%2F" + pharmacy
	curl := func(args ...string) stage.Program {
		return stage.Program{Name: "curl", Args: append([]string{"-sS", "--cacert", h.CA}, args...)}
	}
	openssl := func(input string, args ...string) stage.Program {
		return stage.Program{Name: "openssl", Input: input, Args: append([]string{"s_client", "-CAfile", h.CA, "-verify_return_error", "-quiet", "-crlf",
			"-servername", "localhost", "-verify_hostname", "localhost", "-ign_eof"}, args...)}
	}
	login := fmt.Sprintf("a login %s %s\nb list \"\" *\nc logout\n", who.Address, who.Password)
	return []reader{
		{"curl over STARTTLS", curl(imap+shared+";UID=*", "--ssl-reqd", "--user", user), text},
		{"curl over TLS", curl(imaps+shared+";UID=*", "--user", user), text},
		{"curl, one part", curl(imaps+shared+";UID=*;SECTION=TEXT", "--user", user), text},
		{"curl searches", curl(imaps+shared+"?SUBJECT%20msmtp-tls", "--user", user), "* SEARCH "},
		{"curl lists", curl(imaps, "--user", user), "Shared/" + pharmacy},
		{"curl, LOGIN", curl(imaps+shared+";UID=*", "--login-options", "AUTH=LOGIN", "--user", user), text},
		{"curl, PLAIN at once", curl(imaps+shared+";UID=*", "--login-options", "AUTH=PLAIN", "--sasl-ir", "--user", user), text},
		{"curl in the mailbox by user name", curl(imaps+"/INBOX;UID=*", "--user", who.Address+"/"+pharmacy+":"+who.Password), text},
		{"curl in the mailbox by authzid", curl(imaps+"/INBOX;UID=*", "--sasl-authzid", pharmacy, "--login-options", "AUTH=PLAIN", "--user", user), text},
		{"curl sees the mailbox's Sent at the root", curl(imaps, "--user", who.Address+"/"+pharmacy+":"+who.Password), `\Sent) "/" Sent`},
		{"openssl over TLS", openssl(login, "-connect", h.Addr("imaps")), "c OK"},
		{"openssl over STARTTLS", openssl(login, "-connect", h.Addr("imap"), "-starttls", "imap"), "c OK"},
		{"openssl, SMTP", openssl("EHLO ward.example\nQUIT\n", "-connect", h.Addr("smtp"), "-starttls", "smtp"), "250-PIPELINING"},
	}
}

// mbsync fetches everything with a configuration of the fewest lines.
func mbsync(t *testing.T, h *stage.House, who stage.Person, pharmacy string) {
	for kind, port := range map[string]string{"STARTTLS": "imap", "IMAPS": "imaps"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			config := stage.File(t, home, ".mbsyncrc", fmt.Sprintf(`
IMAPStore far
Host localhost
Port %s
User %s
Pass %s
SSLType %s
CertificateFile %s

MaildirStore near
Path %s/mail/
Inbox %s/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Near
SyncState *
`, h.Port(port), who.Address, who.Password, kind, h.CA, home, home))
			if err := os.Mkdir(filepath.Join(home, "mail"), 0o700); err != nil {
				t.Fatal(err)
			}
			stage.Program{Name: "mbsync", Args: []string{"-c", config, "-a"}, Home: home}.Must(t)
			files, err := filepath.Glob(filepath.Join(home, "mail", "Shared", pharmacy, "new", "*"))
			if err != nil || len(files) < 10 {
				t.Errorf("mbsync brought %d letters of the pharmacy, %v", len(files), err)
			}
			for _, folder := range []string{"INBOX", "Sent", "Drafts", "Trash", "Shared/" + pharmacy + "/Sent"} {
				if _, err := os.Stat(filepath.Join(home, "mail", folder, "cur")); err != nil {
					t.Errorf("%s was not made: %v", folder, err)
				}
			}
		})
	}
}

// neomutt opens a folder over imaps, writes the letter out, and quits.
func neomutt(t *testing.T, h *stage.House, who stage.Person, pharmacy string) {
	for name, where := range map[string]struct{ user, folder string }{
		"own account":   {who.Address, "Shared/" + pharmacy},
		"mailbox alone": {who.Address + "/" + pharmacy, "INBOX"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			rc := stage.File(t, home, "rc", fmt.Sprintf("set imap_user=%q imap_pass=%q ssl_ca_certificates_file=%q\n"+
				"set ssl_force_tls=yes wait_key=no confirm_append=no quit=yes folder=.\npush '<last-entry><pipe-message>cat > letter<enter><quit>'\n",
				where.user, who.Password, h.CA))
			out := stage.Terminal(t, home, "neomutt", "-n", "-F", rc, "-f", "imaps://localhost:"+h.Port("imaps")+"/"+where.folder)
			text, err := os.ReadFile(filepath.Join(home, "letter"))
			if err != nil || !strings.Contains(string(text), "Two tablets at night.") {
				t.Errorf("neomutt shows %q, %v\n%s", text, err, out)
			}
		})
	}
}

// refused are those that must not get in: a wrong password, and a mailbox that one is no member of.
func refused(t *testing.T, h *stage.House, who, stranger stage.Person, pharmacy string) {
	imaps := "imaps://localhost:" + h.Port("imaps")
	for name, args := range map[string][]string{
		"wrong password":            {imaps + "/INBOX;UID=*", "--user", who.Address + ":wrong-password-1"},
		"no member, by user name":   {imaps + "/INBOX;UID=*", "--user", stranger.Address + "/" + pharmacy + ":" + stranger.Password},
		"no member, by authzid":     {imaps + "/INBOX;UID=*", "--sasl-authzid", pharmacy, "--login-options", "AUTH=PLAIN", "--user", stranger.Address + ":" + stranger.Password},
		"no member, by folder":      {imaps + "/Shared%2F" + pharmacy + ";UID=*", "--user", stranger.Address + ":" + stranger.Password},
		"the mailbox has no log in": {imaps + "/INBOX;UID=*", "--user", pharmacy + ":" + who.Password},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := stage.Program{Name: "curl", Args: append([]string{"-sS", "--cacert", h.CA}, args...)}.Run(t)
			if err == nil || strings.Contains(out, "tablets") {
				t.Errorf("it is let in: %q", out)
			}
		})
	}
}
