package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"haven"
	"haven/platform/errs"
	"haven/platform/obs"
)

// adminVerb is one thing that an operator can do from the command line, until the pages can.
type adminVerb struct {
	subject, verb, args, what string
	input                     bool // the first word names a file, or - , that the command reads
	run                       func(ctx context.Context, h *house, c *adminCall) error
}

// adminCall is one run of a verb.
type adminCall struct {
	flags *words
	given []string // what stood after the verb
	words []string // without flags, once between has read them
	std   stdio
	actor haven.Actor
}

func (c *adminCall) say(format string, args ...any) { fmt.Fprintf(c.std.out, format+"\n", args...) }

// need parses the call's flags and wants n words at least and at most.
func (c *adminCall) need(least, most int) (err error) {
	c.words, err = c.flags.between(c.given, least, most)
	return err
}

func adminVerbs() []adminVerb {
	return []adminVerb{
		{"ods", "import", "FILE [--apply] [--allow-closures]", "read the national list of premises; says what it would change, and does it with --apply", true, odsImport},
		{"ods", "import-contacts", "FILE [--apply]", "read registered e-mails and GPhC numbers of premises: a CSV file whose first line names ODS code, e-mail, GPhC number, source and date; says what it would change, and does it with --apply", true, odsImportContacts},
		{"ods", "show", "CODE", "an organisation and its mailboxes", false, odsShow},
		{"organisation", "add", "KIND CODE NAME PLACE", "an organisation that is in no list: gp-practice, care-home, hospital, local-team, head-office, desk, other", false, organisationAdd},
		{"organisation", "central", "CODE --contact NAME --email ADDRESS | CODE --off", "a head office registers its premises itself, and is asked at that address; --off ends it, for one premises by its own code", false, organisationCentral},
		{"account", "add", "FIRST LAST [--address A] [--state active]", "a person's account; prints a password once", false, accountAdd},
		{"account", "list", "", "all accounts", false, accountList},
		{"account", "show", "ADDRESS", "an account, its addresses and the mailboxes that it opens", false, accountShow},
		{"account", "state", "ADDRESS STATE", "active, inactive, disabled, leaver, blocked", false, accountState},
		{"account", "purge", "ADDRESS --sure ADDRESS", "delete an account and destroy the key of its mail: nobody reads it again", false, accountPurge},
		{"account", "password", "ADDRESS", "a new password, printed once", false, accountPassword},
		{"account", "unlock", "ADDRESS", "end a lock-out", false, accountUnlock},
		{"account", "known", "ADDRESS", "end the limit of an account that an owner vouched for: you have made sure who it is in another way", false, accountKnown},
		{"account", "programs", "ADDRESS open | shut", "whether mail programs open a mailbox, a person's own or a shared one; shut, it opens on the pages alone, and sessions that look at it end", false, accountPrograms},
		{"account", "contact", "ADDRESS [--email A] [--mobile N] [--proven]", "how a person is reached outside: for the temporary password and for forgotten ones; --proven: the person has shown you that they are the own", false, accountContact},
		{"account", "invite", "ADDRESS", "send the username by e-mail and a temporary password by text to somebody who has not activated the account", false, accountInvite},
		{"account", "alias", "ADDRESS NEW", "a further address", false, accountAlias},
		{"account", "app-password", "ADDRESS NAME [--mailbox A]", "a password for one mail program, printed once", false, accountAppPassword},
		{"account", "app-passwords", "ADDRESS", "a person's app passwords: id, mailbox, name, made, last used", false, accountAppPasswords},
		{"account", "revoke-app-password", "ADDRESS ID", "end an app password at once", false, accountRevokeAppPassword},
		{"mailbox", "add", "CODE --owner A [--owner B] [--member C] [--closed-anyway]", "the shared mailbox of a premises", false, mailboxAdd},
		{"mailbox", "list", "", "all shared mailboxes", false, mailboxList},
		{"mailbox", "undelete", "ADDRESS [--since 2026-11-20] [--until TIME] [--folder F] [--into F] [--apply]", "mail that was deleted by mistake; says how much there is, and puts it back with --apply", false, mailboxUndelete},
		{"mailbox", "reading", "ADDRESS [together|each]", "who counts as having read a letter: together, what one has read is read for all; each, for oneself", false, mailboxReading},
		{"member", "list", "MAILBOX", "who has access to a shared mailbox", false, memberList},
		{"member", "add", "MAILBOX PERSON [--rights member] [--until 2026-12-31]", "let a person in", false, memberAdd},
		{"member", "set", "MAILBOX PERSON [--rights owner] [--until 2026-12-31]", "other rights or another end for a member; what is not named stays; rights: read, write, send-as, send-on-behalf, manage, member, owner", false, memberSet},
		{"member", "remove", "MAILBOX PERSON [--safety]", "end a person's access; --safety also the last owner's", false, memberRemove},
		{"held", "list", "ADDRESS", "originals of letters out of which files were taken, kept for a mailbox", false, heldList},
		{"held", "release", "ADDRESS ID", "put such an original into the mailbox; its recipient asked for it", false, heldRelease},
		{"queue", "list", "[--domain D] [--from A] [--state S]", "what waits to leave", false, queueList},
		{"queue", "show", "ID", "one letter's envelope and the last replies", false, queueShow},
		{"queue", "hold", "[ID] [--domain D] [--from A] [--all]", "do not try these until released", false, queueHold},
		{"queue", "release", "[ID] [--domain D] [--from A] [--all]", "try held ones again", false, queueRelease},
		{"queue", "retry", "[ID] [--domain D] [--from A] [--all]", "try now", false, queueRetry},
		{"queue", "drop", "[ID] [--domain D] [--from A] [--all] [--tell]", "give up; --tell writes to the senders", false, queueDrop},
		{"operator", "add", "ADDRESS", "give a person the operator's role; before there is one the pages say only that the service is not set up", false, operatorAdd},
		{"operator", "list", "", "who has the role, and what each still lacks", false, operatorList},
		{"operator", "remove", "ADDRESS [--anyway]", "take the role away; the last one's only with --anyway", false, operatorRemove},
		{"token", "add", "NAME --until DAY", "a token for a program that uses the admin API, printed once", false, tokenAdd},
		{"token", "list", "", "the tokens that serve", false, tokenList},
		{"token", "revoke", "ID", "end a token at once", false, tokenRevoke},
		{"link", "list", "CODE", "what a head office says of places on the web to which letters lead; CODE: of the head office, or of a premises that has none", false, linkList},
		{"link", "set", "CODE HOST allow|warn|block [--reason WHY]", "allow, warn of or block a place; HOST: example.org, or *.example.org for it and all below it", false, linkSet},
		{"link", "remove", "CODE HOST", "take a place out of the list", false, linkRemove},
		{"link", "test", "CODE HOST", "what the list says of a host", false, linkTest},
		{"notice", "list", "[--past]", "the status notices that everybody sees; --past: those that are over", false, noticeList},
		{"notice", "post", "KIND TITLE TEXT [--from TIME] [--until TIME]", "tell everybody on the status and start pages; KIND: planned, problem, solved", false, noticePost},
		{"notice", "end", "ID", "a status notice is over", false, noticeEnd},
		{"text", "list", "", "the pages about the service whose words an operator writes", false, textList},
		{"text", "show", "NAME [--version N]", "what a text says", false, textShow},
		{"text", "write", "FILE NAME", "publish a file as the next version of a text", true, textWrite},
		{"rules", "show", "", "the rules of use that were published last", false, rulesShow},
		{"rules", "publish", "FILE [--from TIME]", "publish a file as the next rules of use, which everybody is asked to accept", true, rulesPublish},
		{"registration", "tasks", "", "registrations that only people can settle", false, registrationTasks},
		{"registration", "show", "REF", "what a request for one more account or an application without a passcode says", false, registrationShow},
		{"registration", "settle", "REF KIND PERSON [--another | --grant | --refuse REASON]", "close a task with nothing made; --another: make the account of another person; --grant, --refuse: decide about one more account", false, registrationSettle},
		{"registration", "approve", "REF --for head-office|local-team|desk --by ADDRESS", "one of the two approvals of an application without a passcode, on the word of an operator", false, registrationApprove},
		{"registration", "refuse", "REF --reason WHY", "an application without a passcode is refused; whoever applied reads why", false, registrationRefuse},
		{"registration", "thaw", "CODE", "the premises was spoken to, and all is right: open what it froze", false, registrationThaw},
		{"dns", "show", "[DOMAIN]", "the DNS records to publish", false, dnsShow},
		{"call", "list", "", "what people who lost their details asked, and no page could answer", false, callList},
		{"call", "close", "ID", "a call was seen to", false, callClose},
		{"request", "list", "", "changes of a name or job title that the desk decides, since no owner can or none did", false, requestList},
		{"request", "accept", "ID", "the person gets the name or job title", false, requestAccept},
		{"request", "refuse", "ID --reason WHY", "it stays as it is; the person reads why", false, requestRefuse},
		{"post", "add", "PERSON CODE ROLE", "a post of a person at an organisation", false, postAdd},
		{"post", "end", "PERSON CODE [--successor PERSON] [--reason soon]", "a person leaves an organisation: posts and mailboxes there end; a sole owner needs a successor, and a mailbox left with one person a reason: soon, none-yet or closing", false, postEnd},
		{"post", "list", "PERSON", "the posts of a person, those that ended too", false, postList},
		{"directory", "search", "WORDS...", "who is found by these words, as people find them; not counted as anybody's search", false, directorySearch},
		{"directory", "rebuild", "", "make the index of the directory anew, while it is used", false, directoryRebuild},
		{"audit", "verify", "[LOG-FILE]", "that no audit record was altered; with the service's log, also that none was cut off", true, auditVerify},
		{"audit", "search", "[--about A] [--by A] [--what WORD] [--rule RULE] [--since T] [--until T]", "the newest audit records that fit", false, auditSearch},
		{"audit", "export", "[--about A] [--by A] [--what WORD] [--rule RULE] [--since T] [--until T]", "all audit records that fit, the oldest first, a line of JSON each; the export is recorded", false, auditExport},
		{"audit", "about", "ADDRESS", "what was done by and to an account", false, auditAbout},
	}
}

// adminCommand has the running service do it, so that open sessions hear of it at once; where none runs, it opens the stores
// itself, which have to be there.
func adminCommand(ctx context.Context, args []string, std stdio) error {
	file, rest, err := configOf(args, std)
	if err != nil {
		return err
	}
	verb, rest, err := findVerb(rest, std)
	if err != nil {
		return err
	}
	if wantsHelp(rest) {
		return runVerb(ctx, nil, verb, rest, std)
	}
	conf, err := loadConfig(file)
	if err != nil {
		return err
	}
	in, closeIn, err := inputOf(ctx, verb, rest, std.in)
	if err != nil {
		return err
	}
	defer closeIn()
	std.in = in
	call := append([]string{verb.subject, verb.verb}, rest...)
	if err := callService(ctx, conf.Service.Data, call, std); !errors.Is(err, errNoService) {
		return err
	}
	if _, err := os.Stat(conf.Service.Data); errors.Is(err, os.ErrNotExist) {
		return storeIsThere(conf)
	}
	release, err := retryLock(ctx, conf.Service.Data, func() bool { return serves(ctx, conf.Service.Data) })
	if err != nil && serves(ctx, conf.Service.Data) {
		return callService(ctx, conf.Service.Data, call, std)
	} else if err != nil {
		return err
	}
	if err := storeIsThere(conf); err != nil {
		return errors.Join(err, release())
	}
	h, err := openExisting(ctx, conf, obs.NewLogger(std.err, "warn", conf.Log.Format))
	if err != nil {
		return errors.Join(err, release())
	}
	err = runVerb(ctx, h, verb, rest, std)
	if err == nil {
		_, err = h.sealer.Seal(ctx) // a service would do that within a second
	}
	return errors.Join(err, h.close(), release())
}

func wantsHelp(args []string) bool {
	for _, a := range args {
		if a == "--help" || a == "-help" || a == "-h" || a == "--h" {
			return true
		}
	}
	return false
}

// configOf takes --config out of the words, wherever it stands.
func configOf(args []string, std stdio) (file string, rest []string, err error) {
	if file = os.Getenv("HAVEN_CONFIG"); file == "" {
		file = defaultConfig
	}
	for i := 0; i < len(args); i++ {
		name, v, has := strings.Cut(args[i], "=")
		if name != "--config" && name != "-config" {
			rest = append(rest, args[i])
			continue
		}
		if !has && i+1 < len(args) {
			i++
			v = args[i]
		}
		if file = v; v == "" {
			fmt.Fprintln(std.err, "haven admin: --config is given without a value; name the configuration FILE, or a demo's folder, behind it")
			return "", nil, errUsage
		}
	}
	return file, rest, nil
}

// findVerb finds what the first two words name. Where they name nothing it lists what there is.
func findVerb(args []string, std stdio) (adminVerb, []string, error) {
	if len(args) == 1 && args[0] == "dns" {
		args = []string{"dns", "show"}
	}
	if len(args) >= 2 {
		for _, v := range adminVerbs() {
			if v.subject == args[0] && v.verb == args[1] {
				return v, args[2:], nil
			}
		}
	}
	subject := ""
	if len(args) > 0 && isSubject(args[0]) {
		subject = args[0]
	}
	if wantsHelp(args) {
		listVerbs(std.out, subject)
		return adminVerb{}, nil, errHelp
	}
	if words := strings.Join(args[:min(len(args), 2)], " "); words != "" && words != subject {
		fmt.Fprintf(std.err, "haven admin: %q is nothing that it can do; these are:\n\n", words)
	}
	listVerbs(std.err, subject)
	return adminVerb{}, nil, errUsage
}

func listVerbs(w io.Writer, subject string) {
	fmt.Fprintln(w, "haven admin [--config FILE] SUBJECT VERB …  (a demo: --config its data folder)")
	for _, v := range adminVerbs() {
		if subject == "" || v.subject == subject {
			fmt.Fprintf(w, "  %s\n      %s\n", strings.TrimSpace(v.subject+" "+v.verb+" "+v.args), v.what)
		}
	}
}

func isSubject(s string) bool {
	for _, v := range adminVerbs() {
		if v.subject == s {
			return true
		}
	}
	return false
}

// runVerb does one thing. Without a house it can only explain it.
func runVerb(ctx context.Context, h *house, v adminVerb, args []string, std stdio) error {
	c := &adminCall{given: args, std: std, actor: haven.Actor{Program: "admin"}}
	c.flags = newFlags("admin "+v.subject+" "+v.verb, v.args, v.what, std)
	return v.run(ctx, h, c)
}

// errNotFound names what was looked for, which an operator may know.
func errNotFound(what, name string, err error) error {
	if errs.Is(err, errs.NotFound) {
		return fmt.Errorf("there is no %s %s", what, name)
	}
	return err
}
