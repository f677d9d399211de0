package lang

import "slices"

// spec is what the language says of one command or test.
type spec struct {
	ext      string // what has to be required, "" for what is always there
	args     []argKind
	optional bool // the first of args may be left out, where variables are required (RFC 5232 §3)
	tags     []tag
	tests    testsWanted
	block    bool
	check    func(*checker, *command) // what else must be so
	run      func(*machine, *command) error
	eval     func(*machine, *command) (bool, error)
}

type argKind uint8

const (
	argNone argKind = iota
	argNumber
	argText
	argList // a list, or one text for a list of one
)

type testsWanted uint8

const (
	noTests testsWanted = iota
	oneTest
	testList
)

// tag is a tagged argument. Of those of one group a command has at most one.
type tag struct {
	name  string
	ext   string
	group string
	takes argKind
	with  string // another tag without which it means nothing
}

var (
	matchTags = []tag{
		{name: "is", group: "match"}, {name: "contains", group: "match"}, {name: "matches", group: "match"},
		{name: "count", group: "match", ext: "relational", takes: argText}, {name: "value", group: "match", ext: "relational", takes: argText},
		{name: "comparator", takes: argText},
	}
	addressTags = []tag{
		{name: "all", group: "part"}, {name: "localpart", group: "part"}, {name: "domain", group: "part"},
		{name: "user", group: "part", ext: "subaddress"}, {name: "detail", group: "part", ext: "subaddress"},
	}
	indexTags = []tag{{name: "index", ext: "index", takes: argNumber}, {name: "last", ext: "index", with: "index"}}
	zoneTags  = []tag{{name: "zone", group: "zone", takes: argText}, {name: "originalzone", group: "zone"}}
	flagTags  = []tag{{name: "flags", ext: "imap4flags", takes: argList}}
)

// commands are the controls and actions.
var commands = map[string]*spec{
	"require": {args: []argKind{argList}},
	"if":      {tests: oneTest, block: true},
	"elsif":   {tests: oneTest, block: true},
	"else":    {block: true},
	"stop":    {run: (*machine).stop},

	"keep":    {run: (*machine).keep, tags: flagTags},
	"discard": {run: (*machine).discard},
	"redirect": {run: (*machine).redirect, args: []argKind{argText}, check: checkRedirect,
		tags: []tag{{name: "copy", ext: "copy"}}},
	"fileinto": {ext: "fileinto", run: (*machine).fileInto, args: []argKind{argText}, check: checkMailbox,
		tags: slices.Concat(flagTags, []tag{{name: "copy", ext: "copy"}, {name: "create", ext: "mailbox"}, {name: "mailboxid", ext: "mailboxid", takes: argText}})},
	"reject":  {ext: "reject", run: (*machine).reject, args: []argKind{argText}},
	"ereject": {ext: "ereject", run: (*machine).reject, args: []argKind{argText}},

	"vacation": {ext: "vacation", run: (*machine).vacation, args: []argKind{argText}, check: checkVacation, tags: []tag{
		{name: "days", group: "every", takes: argNumber}, {name: "seconds", group: "every", ext: "vacation-seconds", takes: argNumber},
		{name: "subject", takes: argText}, {name: "from", takes: argText}, {name: "addresses", takes: argList},
		{name: "mime"}, {name: "handle", takes: argText}}},

	"category": {ext: workExtension, run: (*machine).category, args: []argKind{argText}, check: checkCategory,
		tags: []tag{{name: "within", takes: argNumber}, {name: "allhours", with: "within"}}},

	"set": {ext: "variables", run: (*machine).set, args: []argKind{argText, argText}, check: checkSet, tags: []tag{
		{name: "lower", group: "case"}, {name: "upper", group: "case"}, {name: "lowerfirst", group: "first"}, {name: "upperfirst", group: "first"},
		{name: "quotewildcard", group: "quote"}, {name: "length", group: "length"}}},

	"setflag":    {ext: "imap4flags", run: (*machine).setFlag, args: []argKind{argText, argList}, optional: true, check: checkFlagVariable},
	"addflag":    {ext: "imap4flags", run: (*machine).addFlag, args: []argKind{argText, argList}, optional: true, check: checkFlagVariable},
	"removeflag": {ext: "imap4flags", run: (*machine).removeFlag, args: []argKind{argText, argList}, optional: true, check: checkFlagVariable},

	"addheader": {ext: "editheader", run: (*machine).addHeader, args: []argKind{argText, argText}, check: checkField,
		tags: []tag{{name: "last"}}},
	"deleteheader": {ext: "editheader", run: (*machine).deleteHeader, args: []argKind{argText, argList}, check: checkField,
		tags: slices.Concat(matchTags, []tag{{name: "index", takes: argNumber}, {name: "last", with: "index"}})},

	"include": {ext: "include", run: (*machine).include, args: []argKind{argText}, check: checkInclude, tags: []tag{
		{name: "personal", group: "location"}, {name: "global", group: "location"}, {name: "once"}, {name: "optional"}}},
	"return": {ext: "include", run: (*machine).back},
	"global": {ext: "include", run: (*machine).global, args: []argKind{argList}, check: checkGlobal},
}

// tests are the tests.
var tests = map[string]*spec{
	"true":   {eval: func(*machine, *command) (bool, error) { return true, nil }},
	"false":  {eval: func(*machine, *command) (bool, error) { return false, nil }},
	"not":    {tests: oneTest, eval: (*machine).not},
	"anyof":  {tests: testList, eval: (*machine).anyOf},
	"allof":  {tests: testList, eval: (*machine).allOf},
	"exists": {args: []argKind{argList}, eval: (*machine).exists, check: checkFields},
	"size": {args: []argKind{argNumber}, eval: (*machine).size, check: checkSize,
		tags: []tag{{name: "over", group: "size"}, {name: "under", group: "size"}}},
	"header": {args: []argKind{argList, argList}, eval: (*machine).header, check: checkFields, tags: slices.Concat(matchTags, indexTags)},
	"address": {args: []argKind{argList, argList}, eval: (*machine).address, check: checkAddressFields,
		tags: slices.Concat(matchTags, addressTags, indexTags)},
	"envelope": {ext: "envelope", args: []argKind{argList, argList}, eval: (*machine).envelope, check: checkEnvelope,
		tags: slices.Concat(matchTags, addressTags)},
	"body": {ext: "body", args: []argKind{argList}, eval: (*machine).bodyTest, tags: slices.Concat(matchTags, []tag{
		{name: "raw", group: "transform"}, {name: "content", group: "transform", takes: argList}, {name: "text", group: "transform"}})},
	"string":      {ext: "variables", args: []argKind{argList, argList}, eval: (*machine).stringTest, tags: matchTags},
	"environment": {ext: "environment", args: []argKind{argText, argList}, eval: (*machine).environment, tags: matchTags},
	"hasflag":     {ext: "imap4flags", args: []argKind{argList, argList}, optional: true, eval: (*machine).hasFlag, tags: matchTags},
	"date": {ext: "date", args: []argKind{argText, argText, argList}, eval: (*machine).date, check: checkDate,
		tags: slices.Concat(matchTags, indexTags, zoneTags)},
	"currentdate": {ext: "date", args: []argKind{argText, argList}, eval: (*machine).currentDate, check: checkDate,
		tags: slices.Concat(matchTags, zoneTags[:1])},
	"spamtest": {ext: "spamtest spamtestplus", args: []argKind{argText}, eval: (*machine).spam,
		tags: slices.Concat(matchTags, []tag{{name: "percent", ext: "spamtestplus"}})},
	"virustest":       {ext: "virustest", args: []argKind{argText}, eval: (*machine).virus, tags: matchTags},
	"mailboxexists":   {ext: "mailbox", args: []argKind{argList}, eval: (*machine).mailboxExists},
	"mailboxidexists": {ext: "mailboxid", args: []argKind{argList}, eval: (*machine).mailboxIDExists},
	"duplicate": {ext: "duplicate", eval: (*machine).duplicate, tags: []tag{
		{name: "header", group: "by", takes: argText}, {name: "uniqueid", group: "by", takes: argText},
		{name: "handle", takes: argText}, {name: "seconds", takes: argNumber}, {name: "last"}}},
}

// Extensions are what a script may require, in order, as ManageSieve's SIEVE capability names them (RFC 5804 §1.7).
func Extensions() []string {
	return []string{"body", "comparator-i;ascii-casemap", "comparator-i;ascii-numeric", "comparator-i;octet", "comparator-i;unicode-casemap", "copy", "date",
		"duplicate", "editheader", "encoded-character", "envelope", "environment", "ereject", "fileinto", "imap4flags", "include", "index", "mailbox", "mailboxid",
		"reject", "relational", "spamtest", "spamtestplus", "subaddress", "vacation", "vacation-seconds", "variables", "virustest", workExtension}
}

// workExtension has a filter say what a letter is for those who work in the mailbox together, and until when it has to be done (docs/jmap-work.md 7).
const workExtension = "vnd.haven.work"
