package config

import (
	"strings"
	"testing"
	"time"
)

const least = "[service]\ndomains = [\"mail.example\"]\nhostname = \"mx.mail.example\"\n"

// TestMistakes is what each mistake in the file must be answered with.
func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "haven.toml: service.domains: no mail domain is named; write domains = [\"your.domain\"] under [service]"},
		{"no host name", "[service]\ndomains = [\"mail.example\"]", "haven.toml: service.hostname: the machine's name is missing"},
		{"unknown key", least + "hostnam = \"x\"\n", "haven.toml:4: service.hostnam: unknown key; did you mean service.hostname?"},
		{"unknown table", least + "[lisen]\nsmtp = \":25\"\n", "haven.toml:5: lisen.smtp: unknown key; did you mean listen.smtp?"},
		{"far from any key", least + "[zebra]\nstripes = 1\n", "haven.toml:5: zebra.stripes: unknown key; `haven config print` lists those there are"},
		{"no TOML", least + "data = \n", "haven.toml:4: "},
		{"twice", least + "hostname = \"b.example\"\n", "haven.toml:"},
		{"wrong type", least + "data = 5\n", "haven.toml:4: service.data: write text in quotes"},
		{"bad domain", "[service]\ndomains = [\"Mail Example\"]\nhostname = \"mx.mail.example\"\n", "haven.toml:2: service.domains: \"Mail Example\" is no domain"},
		{"bad address", least + "[listen]\nsmtp = \"25\"\n", "haven.toml:5: listen.smtp: \"25\" is no address to listen on"},
		{"port twice", least + "[listen]\nimap = \":25\"\n", "haven.toml:5: listen.imap: listen.smtp listens there already"},
		{"plaintext off loopback", least + "[listen]\nallow_plaintext_login = true\n", "listen.allow_plaintext_login: listen.smtp is not loopback"},
		{"profiles off loopback", least + "[listen]\nhttp = \":8080\"\nprofiles = true\n", "haven.toml:6: listen.profiles: listen.http is not loopback"},
		{"key without certificate", least + "[tls]\nkey = \"k.pem\"\n", "haven.toml:5: tls.key: certificate and key belong together"},
		{"programs to a port", least + "[programs]\nimap_host = \"imap.mail.example:993\"\n", "haven.toml:5: programs.imap_host: \"imap.mail.example:993\" is no host name; write it in lower case and without a port"},
		{"programs to an address of the web", least + "[programs]\nsubmission_host = \"https://smtp.mail.example\"\n", "haven.toml:5: programs.submission_host: "},
		{"other database", least + "[database]\nurl = \"mysql://x\"\n", "haven.toml:5: database.url: write postgres://user@host/database"},
		{"bad route", least + "[outbox]\nroutes = [\"x\"]\n", "haven.toml:5: outbox.routes: \"x\" is no route"},
		{"notices in the clear", least + "[notify]\nurl = \"http://api.example\"\n", "haven.toml:5: notify.url: passwords and codes go there, so it is https://…; http:// is for this machine alone"},
		{"notices to a name like ours", least + "[notify]\nurl = \"http://127.0.0.1.example\"\n", "haven.toml:5: notify.url: "},
		{"notices with a password", least + "[notify]\nurl = \"https://a:b@api.example\"\n", "haven.toml:5: notify.url: "},
		{"notices to no address", least + "[notify]\nurl = \"api.example\"\n", "haven.toml:5: notify.url: "},
		{"e-mails by nobody", least + "[notify]\nemail = \"pigeon\"\n", "haven.toml:5: notify.email: \"pigeon\" sends no e-mails; write notify or outbox"},
		{"e-mails from elsewhere", least + "[notify]\nemail_from = \"no-reply@other.example\"\n", "haven.toml:5: notify.email_from: \"no-reply@other.example\" is no address in a domain"},
		{"e-mails from no address", least + "[notify]\nemail_from = \"no-reply\"\n", "haven.toml:5: notify.email_from: "},
		{"bad level", least + "[log]\nlevel = \"loud\"\n", "haven.toml:5: log.level: \"loud\" is no level; write debug, info, warn or error"},
		{"unknown profile", least + "[policy]\nprofile = \"mine\"\n", "haven.toml:5: policy.profile: "},
		{"time without unit", least + "[policy.password]\nmax_age = 90\n", "haven.toml:5: policy.password.max_age: write a time as text with its unit"},
		{"no time", least + "[policy.password]\nmax_age = \"soon\"\n", "haven.toml:5: policy.password.max_age: \"soon\" is no length of time"},
		{"no number", least + "[policy.sending]\nmessage_octets = \"big\"\n", "haven.toml:5: policy.sending.message_octets: \"big\" is no number"},
		{"below zero", least + "[policy.shared]\nmembers = -1\n", "haven.toml:5: policy.shared.members: write a number of 0 or more"},
		{"no port number", least + "[listen]\nsmtp = \":smtp\"\n", "haven.toml:5: listen.smtp: \":smtp\" is no address to listen on; write \":25\""},
		{"no such port", least + "[listen]\nsmtp = \":99999\"\n", "haven.toml:5: listen.smtp: \":99999\" is no address to listen on"},
		{"relay without port", least + "[outbox]\nsmart_host = \"relay.internal:smtp\"\n", "haven.toml:5: outbox.smart_host: \"relay.internal:smtp\" is no host:port"},
		{"bad network in front", least + "[listen]\nfront = [\"10.0.0.1/8\"]\n", "haven.toml:5: listen.front: \"10.0.0.1/8\" is no network; write such as"},
		{"bad resolver", least + "[outbox]\nresolver = \"nonsense\"\n", "haven.toml:5: outbox.resolver: \"nonsense\" is no name server; write its host:port"},
		{"other key store", least + "[database]\nkeys_url = \"junk://x\"\n", "haven.toml:5: database.keys_url: write postgres://user@host/database, the whole path of a file"},
		{"relative data", least + "data = \"data\"\n", "haven.toml:4: service.data: \"data\" would be another folder for each place that haven is started from; begin it with /"},
		{"relative master key", least + "[database]\nmaster_key = \"master.key\"\n", "haven.toml:5: database.master_key: \"master.key\" would be another place"},
		{"relative packs", least + "[database]\npacks = \"packs\"\n", "haven.toml:5: database.packs: \"packs\" would be another place"},
		{"no passes", least + "[policy.password]\nargon2_pass = 0\n", "haven.toml:5: policy.password.argon2_pass: it has to be between 1 and 100"},
		{"no lanes", least + "[policy.password]\nargon2_lanes = 0\n", "haven.toml:5: policy.password.argon2_lanes: it has to be between 1 and 64"},
		{"short passwords", least + "[policy.password]\nmin_length = 1\n", "haven.toml:5: policy.password.min_length: it has to be at least 10, and at most max_length"},
		{"no owners", least + "[policy.shared]\nmin_owners = 0\n", "haven.toml:5: policy.shared.min_owners: it has to be at least 1: a mailbox is never without an owner"},
		{"endless key copies", least + "[policy.mailbox]\nkey_backup = \"4000d\"\n", "haven.toml:5: policy.mailbox.key_backup: it has to be at most 30 days"},
		{"tiny messages", least + "[policy.sending]\nmessage_octets = 1\n", "haven.toml:5: policy.sending.message_octets: it has to be between 65536 and 1073741824 (RFC 5321"},
		{"endless import", least + "[policy.organisation]\nstep_rows = 0\n", "haven.toml:5: policy.organisation.step_rows: it has to be between 1 and 1000"},
		{"fewer members than owners", least + "[policy.shared]\nmembers = 50\n", "haven.toml: policy.shared.owners: it has to be between min_owners and members"},
		{"no bool", least + "[policy.account]\npasswords_in_programs = \"yes\"\n", "haven.toml:5: policy.account.passwords_in_programs: write true or false"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("haven.toml", []byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestValuesAndOrigins(t *testing.T) {
	t.Parallel()
	l, err := Parse("haven.toml", []byte(least+"[policy]\nprofile = \"connect-2024\"\n[policy.password]\nmax_age = \"1d12h\"\n[policy.sending]\nmessage_octets = \"35MiB\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if l.Policy.Password.MaxAge != 36*time.Hour || l.Policy.Sending.MessageOctets != 35<<20 {
		t.Errorf("max_age %v, message_octets %d", l.Policy.Password.MaxAge, l.Policy.Sending.MessageOctets)
	}
	var out strings.Builder
	if err := l.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"hostname = \"mx.mail.example\"  # haven.toml:3\n",
		"max_age = \"1d12h0m0s\"  # haven.toml:7\n",
		"profile = \"connect-2024\"  # haven.toml:5\n",
		"smtp = \":25\"  # default\n",
		"min_length = 12  # profile connect-2024\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	// What is printed is a file again, with the same values.
	again, err := Parse("printed.toml", []byte(out.String()))
	if err != nil {
		t.Fatal(err)
	}
	var twice strings.Builder
	if err := again.Print(&twice); err != nil {
		t.Fatal(err)
	}
	if stripOrigins(out.String()) != stripOrigins(twice.String()) {
		t.Error("printing what was printed gives other values")
	}
}

// TestProgramHosts: mail programs are told the machine's name where no other is named.
func TestProgramHosts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		least: "mx.mail.example mx.mail.example",
		least + "[programs]\nimap_host = \"imap.mail.example\"\n":                                          "imap.mail.example mx.mail.example",
		least + "[programs]\nimap_host = \"imap.mail.example\"\nsubmission_host = \"smtp.mail.example\"\n": "imap.mail.example smtp.mail.example",
	} {
		l, err := Parse("haven.toml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if imap, submission := l.ProgramHosts(); imap+" "+submission != want {
			t.Errorf("%s %s, want %s", imap, submission, want)
		}
	}
}

// TestNoticesStayUnread: where notices may go without anybody reading along.
func TestNoticesStayUnread(t *testing.T) {
	t.Parallel()
	for _, u := range []string{"", "https://api.notifications.service.gov.uk", "https://api.example:8443/notify", "http://127.0.0.1:9999", "http://[::1]:9999", "http://localhost"} {
		if _, err := Parse("haven.toml", []byte(least+"[notify]\nurl = \""+u+"\"\n")); err != nil {
			t.Errorf("%q: %v", u, err)
		}
	}
}

func stripOrigins(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i], _, _ = strings.Cut(lines[i], "  # ")
	}
	return strings.Join(lines, "\n")
}

// TestPolicyKeys: each field that the policy's check can name is a key of the file.
func TestPolicyKeys(t *testing.T) {
	t.Parallel()
	var c Config // in which every number is 0, and few can be meant
	known := fields(&c)
	for _, f := range c.Policy.Check() {
		if _, ok := known["policy."+f.Field]; !ok {
			t.Errorf("there is no key policy.%s", f.Field)
		}
	}
}
