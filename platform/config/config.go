// Package config is the one configuration file: a documented struct, read strictly, that remembers where each value
// came from.
//
// The file is TOML. A key is the field's name in lower case with underscores, in the table of the struct that holds
// it. What the file doesn't say keeps its default; the defaults run a service but for its own name. An unknown key or
// a value that can't be meant is an error with file, line and remedy, and nothing starts.
package config

import (
	"cmp"

	"haven/platform/policy"
)

// Config is everything that an operator can set.
type Config struct {
	Service  Service
	Listen   Listen
	TLS      TLS
	Programs Programs
	Database Database
	Outbox   Outbox
	Notify   Notify
	Push     Push
	Log      Log
	Policy   policy.Policy `doc:"the rules' numbers: profile names the set to begin with, every other key changes one of them"`
}

// Service is who this installation is.
type Service struct {
	Domains  []string `doc:"mail domains that this service is responsible for, the first one for new addresses"`
	Hostname string   `doc:"the machine's name as other mail servers see it; greetings, trace lines and message ids use it"`
	Data     string   `doc:"folder of everything that is kept: database, message bodies, keys"`
	Portal   string   `doc:"web address of the portal, named in messages to people"`
}

// Listen is where the faces listen; an empty address switches one off.
type Listen struct {
	SMTP        string   `doc:"mail from other servers"`
	Submission  string   `doc:"mail from mail programs, STARTTLS"`
	Submissions string   `doc:"mail from mail programs, TLS from the start"`
	IMAP        string   `doc:"reading with mail programs, STARTTLS"`
	IMAPS       string   `doc:"reading with mail programs, TLS from the start"`
	Managesieve string   `doc:"keeping filters with programs, STARTTLS"`
	HTTP        string   `doc:"health and metrics; keep it on a private address"`
	Portal      string   `doc:"the pages, over HTTPS; on a loopback address over HTTP, for a server in front of it that speaks HTTPS"`
	Front       []string `doc:"networks of servers in front of the pages, such as \"10.0.0.0/8\", which name in X-Forwarded-For whom they speak for; empty: this machine, where the pages are on loopback and service.portal is https://"`

	Profiles            bool `doc:"Go profiles under /debug/pprof of http; only ever on a loopback address"`
	PagesOnHTTP         bool `doc:"the pages on http too; only ever on a loopback address"`
	AllowPlaintextLogin bool `doc:"passwords without TLS; only ever on loopback addresses"`
}

// TLS is the certificate that all faces show.
type TLS struct {
	Certificate string `doc:"PEM file with the certificate chain; empty: one of our own making, which programs will not trust"`
	Key         string `doc:"PEM file with its private key, readable by the service alone"`
}

// Programs is what mail programs and phones are told, on the pages and where they ask by themselves.
type Programs struct {
	IMAPHost       string `doc:"host name for reading; empty: service.hostname. The certificate names it too"`
	SubmissionHost string `doc:"host name for sending; empty: service.hostname. The certificate names it too"`
}

// ProgramHosts are the hosts that mail programs are told, for reading and for sending.
func (c Config) ProgramHosts() (imap, submission string) {
	return cmp.Or(c.Programs.IMAPHost, c.Service.Hostname), cmp.Or(c.Programs.SubmissionHost, c.Service.Hostname)
}

// Database is where rows are kept.
type Database struct {
	URL       string `doc:"postgres://… for PostgreSQL; empty: SQLite in the data folder"`
	KeysURL   string `doc:"where the key store is; empty: beside the database, in a file or schema of its own"`
	MasterKey string `doc:"file with the master key, in no back-up; empty: master.key in the data folder"`
	Packs     string `doc:"folder of the message bodies; empty: packs in the data folder. Processes that share a database share it"`
}

// Outbox is how mail leaves.
type Outbox struct {
	SmartHost string   `doc:"host:port that takes all mail for outside; empty: each domain's own servers"`
	Routes    []string `doc:"exceptions, each \"domain=host:port\""`
	Resolver  string   `doc:"name server, host:port; empty: those of the machine"`
}

// Notify is how texts and e-mails to people outside are sent: passcodes, usernames, temporary passwords.
type Notify struct {
	KeyFile       string `doc:"file with the key of GOV.UK Notify; empty: texts and e-mails are kept, for the operator's outbox"`
	TextTemplate  string `doc:"id of the template for texts there, whose body is ((body)); empty: texts are kept"`
	EmailTemplate string `doc:"id of the template for e-mails there, with the subject ((subject)) and the body ((body)); empty: e-mails are kept"`
	URL           string `doc:"address of GOV.UK Notify's API; empty: the real one"`
	Email         string `doc:"what sends e-mails: notify is GOV.UK Notify with email_template, outbox the service itself, signed with its own key"`
	EmailFrom     string `doc:"address in a domain of ours that e-mails come from where email = \"outbox\"; empty: no-reply in the first"`
}

// Push is with whom the service speaks to wake browsers and phones (RFC 8030).
type Push struct {
	Contact string   `doc:"whom push services tell of trouble, mailto:… or https://…; empty: postmaster of the first domain"`
	Hosts   []string `doc:"push services that are spoken to, such as \"fcm.googleapis.com\", or \".push.apple.com\" for all below it; empty: any on a public address"`
	Refused []string `doc:"networks that are never spoken to though their addresses are public, such as those of your own"`
}

// Log is what the process prints.
type Log struct {
	Level  string `doc:"debug, info, warn or error"`
	Format string `doc:"text or json"`
}

// Default is the configuration of a service that only lacks its name.
func Default() Config {
	p, err := policy.Profile("nhsmail-2017")
	if err != nil {
		panic("config: the default profile is missing: " + err.Error()) // a fault of the build, seen by the first test
	}
	return Config{
		Service: Service{Data: "/var/lib/haven"},
		Listen: Listen{SMTP: ":25", Submission: ":587", Submissions: ":465", IMAP: ":143", IMAPS: ":993", Managesieve: ":4190",
			HTTP: "127.0.0.1:8080"},
		Notify: Notify{Email: "notify"},
		Log:    Log{Level: "info", Format: "text"},
		Policy: p,
	}
}
