package lang

import (
	"fmt"
	"slices"
	"strings"

	"haven"
)

// command is a checked command or test: what it is, and what it was given.
type command struct {
	*spec
	name     string
	line     int
	args     []value          // of those that spec names; an optional one that was left out has no list
	tags     map[string]value // by name
	matching matching
	tests    []*command
	block    []*command
	tail     *command // of if and elsif: what follows where the test fails
}

// value is a number or texts.
type value struct {
	line int
	num  int64
	list []text
}

func (v value) given() bool { return v.list != nil }

func (c *command) has(tag string) bool { _, ok := c.tags[tag]; return ok }

// mostErrors are told of one script.
const mostErrors = 10

// checker turns nodes into commands. What is wrong is collected.
type checker struct {
	needs  map[string]bool
	bad    Errors
	faults int // also those that are told no more
}

func check(tree []*node) (*Script, error) {
	c := &checker{needs: map[string]bool{}}
	for len(tree) > 0 && tree[0].name == "require" {
		c.require(tree[0])
		tree = tree[1:]
	}
	body := c.blockOf(tree)
	if len(c.bad) > 0 {
		return nil, c.bad
	}
	return &Script{body: body}, nil
}

func (c *checker) fail(line int, say string, args ...any) {
	if len(args) > 0 {
		say = fmt.Sprintf(say, args...)
	}
	if c.faults++; len(c.bad) < mostErrors {
		c.bad = append(c.bad, Error{Line: line, Say: say})
	}
}

func (c *checker) require(n *node) {
	if len(n.args) != 1 || !n.args[0].isText() || len(n.tests) > 0 || n.braces {
		c.fail(n.line, "require names what the script uses: one text, or a list of texts.")
		return
	}
	known := Extensions()
	for _, name := range n.args[0].strs {
		switch {
		case !slices.Contains(known, name):
			c.fail(n.args[0].line, "There is no extension %s here.", quote(name))
		default:
			c.needs[name] = true
		}
	}
}

// required reports whether one of the extensions that stand in ext is required, and says so where it isn't.
func (c *checker) required(line int, what, ext string) {
	all := strings.Fields(ext)
	if len(all) == 0 || slices.ContainsFunc(all, func(e string) bool { return c.needs[e] }) {
		return
	}
	c.fail(line, "%s needs require %s; at the beginning of the script.", what, quote(all[0]))
}

func (c *checker) blockOf(nodes []*node) (all []*command) {
	var chain *command // the if or elsif that an elsif or else may follow
	for _, n := range nodes {
		cmd := c.command(n)
		if cmd == nil {
			chain = nil
			continue
		}
		switch n.name {
		case "elsif", "else":
			if chain == nil {
				c.fail(n.line, "%s follows if or elsif.", n.name)
				continue
			}
			chain.tail = cmd
		default:
			all = append(all, cmd)
		}
		if chain = nil; n.name == "if" || n.name == "elsif" {
			chain = cmd
		}
	}
	return all
}

func (c *checker) command(n *node) *command {
	s := commands[n.name]
	switch {
	case n.name == "require":
		c.fail(n.line, "require stands before everything else.")
		return nil
	case s == nil && tests[n.name] != nil:
		c.fail(n.line, "%s is a test. It stands after if, elsif or not.", n.name)
		return nil
	case s == nil:
		c.fail(n.line, "There is no command %s.", n.name)
		return nil
	case s.block != n.braces && s.block:
		c.fail(n.line, "%s has a block in braces.", n.name)
	case s.block != n.braces:
		c.fail(n.line, "%s has no block. It ends with a semicolon.", n.name)
	}
	cmd := c.bind(n, s)
	cmd.block = c.blockOf(n.block)
	return cmd
}

func (c *checker) test(n *node) *command {
	s := tests[n.name]
	switch {
	case s == nil && commands[n.name] != nil:
		c.fail(n.line, "%s is no test.", n.name)
		return nil
	case s == nil:
		c.fail(n.line, "There is no test %s.", n.name)
		return nil
	}
	return c.bind(n, s)
}

// bind holds what was written against what the language says.
func (c *checker) bind(n *node, s *spec) *command {
	before := c.faults
	cmd := &command{spec: s, name: n.name, line: n.line}
	c.required(n.line, n.name, s.ext)
	rest := c.bindTags(cmd, n.args)
	c.bindArgs(cmd, rest)
	c.bindTests(cmd, n)
	for _, t := range s.tags {
		if t.with != "" && cmd.has(t.name) && !cmd.has(t.with) {
			c.fail(n.line, ":%s comes with :%s.", t.name, t.with)
		}
	}
	c.bindMatch(cmd)
	if s.check != nil && c.faults == before {
		s.check(c, cmd)
	}
	return cmd
}

// bindTags takes the tagged arguments, and gives back the others.
func (c *checker) bindTags(cmd *command, args []arg) (rest []arg) {
	groups := map[string]string{}
	for len(args) > 0 {
		a := args[0]
		args = args[1:]
		if !a.isTag() {
			rest = append(rest, a)
			continue
		}
		if len(rest) > 0 {
			c.fail(a.line, ":%s stands before the other arguments of %s.", a.tag, cmd.name)
		}
		i := slices.IndexFunc(cmd.spec.tags, func(t tag) bool { return t.name == a.tag })
		if i < 0 {
			c.fail(a.line, "%s has no argument :%s.", cmd.name, a.tag)
			continue
		}
		t := cmd.spec.tags[i]
		c.required(a.line, ":"+t.name, t.ext)
		if t.group == "" {
			t.group = t.name
		}
		if other := groups[t.group]; other != "" {
			c.fail(a.line, "%s has :%s already.", cmd.name, other)
		}
		groups[t.group] = t.name
		v := value{line: a.line}
		if t.takes != argNone {
			if len(args) == 0 || !c.fits(t.takes, args[0]) {
				c.fail(a.line, ":%s is followed by %s.", t.name, t.takes)
				return rest
			}
			v = c.value(args[0])
			args = args[1:]
		}
		if cmd.tags == nil {
			cmd.tags = map[string]value{}
		}
		cmd.tags[t.name] = v
	}
	return rest
}

func (k argKind) String() string {
	return [...]string{"nothing", "a number", "a text in quotes", "a text in quotes, or a list of them"}[k]
}

func (c *checker) fits(k argKind, a arg) bool {
	switch k {
	case argNumber:
		return a.number
	case argText:
		return a.isText() && !a.list
	}
	return a.isText()
}

// bindArgs takes the positional arguments.
func (c *checker) bindArgs(cmd *command, rest []arg) {
	want := cmd.spec.args
	if cmd.name == "deleteheader" && len(rest) == 1 { // its patterns may be left out (RFC 5293 §5)
		want = want[:1]
	}
	if cmd.spec.optional && len(rest) == len(want)-1 {
		cmd.args, want = append(cmd.args, value{}), want[1:]
	} else if cmd.spec.optional && len(rest) == len(want) {
		c.required(cmd.line, "The name of a variable", "variables")
	}
	if len(rest) != len(want) {
		c.fail(cmd.line, "%s has %s, and not %d.", cmd.name, countArgs(len(want)), len(rest))
		return
	}
	for i, k := range want {
		if !c.fits(k, rest[i]) {
			c.fail(rest[i].line, "%s wants %s here.", cmd.name, k)
		}
		cmd.args = append(cmd.args, c.value(rest[i]))
	}
}

func countArgs(n int) string {
	switch n {
	case 0:
		return "no arguments"
	case 1:
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", n)
}

func (c *checker) bindTests(cmd *command, n *node) {
	switch want := cmd.spec.tests; {
	case want == noTests && len(n.tests) > 0:
		c.fail(n.line, "%s has no test.", n.name)
	case want == oneTest && (len(n.tests) != 1 || n.paren):
		c.fail(n.line, "%s has one test.", n.name)
	case want == testList && !n.paren:
		c.fail(n.line, "%s has tests in round brackets.", n.name)
	}
	for _, t := range n.tests {
		if test := c.test(t); test != nil {
			cmd.tests = append(cmd.tests, test)
		}
	}
}

// value is what was written, with its variables found.
func (c *checker) value(a arg) value {
	v := value{line: a.line, num: a.num}
	for _, s := range a.strs {
		if c.needs["encoded-character"] {
			decoded, ok := decodeCharacters(s)
			if !ok {
				c.fail(a.line, "There is no character with a code in %s.", quote(s))
			}
			s = decoded
		}
		t := text{{lit: s}}
		if c.needs["variables"] {
			unknown := ""
			if t, unknown = cutText(s, c.needs["include"]); unknown != "" {
				c.fail(a.line, "There is no namespace %s of variables.", quote(unknown))
			}
		}
		v.list = append(v.list, t)
	}
	return v
}

// bindMatch settles how a test compares.
func (c *checker) bindMatch(cmd *command) {
	m := &cmd.matching
	for name, kind := range map[string]matchKind{"contains": matchContains, "matches": matchMatches, "count": matchCount, "value": matchValue} {
		if !cmd.has(name) {
			continue
		}
		m.kind = kind
		if kind >= matchCount {
			m.relation = c.constant(cmd.tags[name], ":"+name)
			if !slices.Contains([]string{"gt", "ge", "lt", "le", "eq", "ne"}, strings.ToLower(m.relation)) {
				c.fail(cmd.tags[name].line, `:%s is followed by "gt", "ge", "lt", "le", "eq" or "ne".`, name)
			}
			m.relation = strings.ToLower(m.relation)
		}
	}
	if !cmd.has("comparator") {
		return
	}
	v := cmd.tags["comparator"]
	name := c.constant(v, ":comparator")
	found, ok := comparators[name]
	switch {
	case !ok:
		c.fail(v.line, "There is no comparator %s.", quote(name))
	case found.is == asciiNumeric && (m.kind == matchContains || m.kind == matchMatches):
		c.fail(v.line, "Numbers are compared by :is, :value and :count.")
	}
	c.required(v.line, "The comparator "+name, found.ext)
	m.comparator = found.is
}

// constant is a text that may hold no variable.
func (c *checker) constant(v value, what string) string {
	if len(v.list) == 0 {
		return ""
	}
	s, ok := v.list[0].constant()
	if !ok {
		c.fail(v.line, "%s is a text without variables.", what)
	}
	return s
}

// constants calls fn with each text of a value that holds no variable.
func constants(v value, fn func(string)) {
	for _, t := range v.list {
		if s, ok := t.constant(); ok {
			fn(s)
		}
	}
}

func checkRedirect(c *checker, cmd *command) {
	constants(cmd.args[0], func(s string) {
		if a, err := haven.ParseAddress(s); err != nil || a.Domain == "" {
			c.fail(cmd.line, "%s is no address.", quote(s))
		}
	})
}

func checkMailbox(c *checker, cmd *command) {
	constants(cmd.args[0], func(s string) {
		if s == "" {
			c.fail(cmd.line, "fileinto names a folder.")
		}
	})
}

func checkSize(c *checker, cmd *command) {
	if len(cmd.tags) == 0 {
		c.fail(cmd.line, "size is :over or :under a number.")
	}
}
