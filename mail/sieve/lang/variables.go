package lang

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mostCaptures are the match variables that are kept; RFC 5229 §3.2 asks for nine.
const mostCaptures = 32

// place is where a variable is kept, and under which name.
func (m *machine) place(name string) (map[string]string, string) {
	if shared, ok := strings.CutPrefix(name, "global."); ok {
		return m.globals, shared
	}
	if m.frame.shared[name] {
		return m.globals, name
	}
	return m.frame.vars, name
}

// variable is the value of one; "" where it was never set (RFC 5229 §3).
func (m *machine) variable(p piece) string {
	if p.name == "" {
		if p.num < len(m.frame.matches) {
			return m.frame.matches[p.num]
		}
		return ""
	}
	vars, name := m.place(p.name)
	return vars[name]
}

// setVariable sets one. A value that is too long is cut between characters.
func (m *machine) setVariable(name, value string) error {
	vars, name := m.place(name)
	if _, there := vars[name]; !there {
		if m.sets++; m.sets > m.lim.Variables {
			return m.fail("A script sets at most %d variables.", m.lim.Variables)
		}
	}
	vars[name] = cut(value, m.lim.VariableText)
	return m.spend(int64(len(value)))
}

func cut(s string, octets int) string {
	if len(s) <= octets {
		return s
	}
	for octets > 0 && !utf8.RuneStart(s[octets]) {
		octets--
	}
	return s[:octets]
}

func (m *machine) set(c *command) error {
	name, err := m.text(c.args[0])
	if err != nil {
		return err
	}
	value, err := m.text(c.args[1])
	if err != nil {
		return err
	}
	return m.setVariable(strings.ToLower(name), modify(c, value))
}

// modify changes a value by the modifiers of set, those of higher precedence first (RFC 5229 §4.1).
func modify(c *command, s string) string {
	switch {
	case c.has("lower"):
		s = strings.ToLower(s)
	case c.has("upper"):
		s = strings.ToUpper(s)
	}
	if c.has("lowerfirst") || c.has("upperfirst") {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case n == 0 || r == utf8.RuneError:
		case c.has("lowerfirst"):
			s = string(unicode.ToLower(r)) + s[n:]
		default:
			s = string(unicode.ToUpper(r)) + s[n:]
		}
	}
	if c.has("quotewildcard") {
		s = strings.NewReplacer(`*`, `\*`, `?`, `\?`, `\`, `\\`).Replace(s)
	}
	if c.has("length") {
		s = strconv.Itoa(utf8.RuneCountInString(s))
	}
	return s
}

func checkSet(c *checker, cmd *command) {
	name := c.constant(cmd.args[0], "The name of a variable")
	c.variableName(cmd.line, name)
}

func (c *checker) variableName(line int, name string) {
	if c.needs["include"] && len(name) > 7 && strings.EqualFold(name[:7], "global.") {
		name = name[7:]
	}
	if !isIdentifier(name) {
		c.fail(line, "%s can't be the name of a variable.", quote(name))
	}
}

// global makes variables of this script the same as in all that include each other (RFC 6609 §3.4.1).
func (m *machine) global(c *command) error {
	names, err := m.texts(c.args[0])
	for _, name := range names {
		m.frame.shared[strings.ToLower(name)] = true
	}
	return err
}

func checkGlobal(c *checker, cmd *command) {
	c.required(cmd.line, "global", "variables")
	for _, t := range cmd.args[0].list {
		name, ok := t.constant()
		if !ok || !isIdentifier(name) {
			c.fail(cmd.line, "%s can't be the name of a variable.", quote(name))
		}
	}
}

// stringTest compares texts. With :count those count that aren't empty (RFC 5229 §5).
func (m *machine) stringTest(c *command) (bool, error) {
	sources, err := m.texts(c.args[0])
	if err != nil {
		return false, err
	}
	if c.matching.kind == matchCount {
		var full []string
		for _, s := range sources {
			if s != "" {
				full = append(full, s)
			}
		}
		sources = full
	}
	return m.match(c, sources, c.args[1])
}

// setFlag, addFlag and removeFlag change a list of flags: that of a variable, or the internal one (RFC 5232 §3).
func (m *machine) setFlag(c *command) error {
	return m.changeFlags(c, func(_, flags []string) []string { return flags })
}

func (m *machine) addFlag(c *command) error {
	return m.changeFlags(c, func(had, flags []string) []string { return append(had, flags...) })
}

func (m *machine) removeFlag(c *command) error {
	return m.changeFlags(c, func(had, flags []string) (left []string) {
		for _, f := range had {
			if !hasFold(flags, f) {
				left = append(left, f)
			}
		}
		return left
	})
}

func (m *machine) changeFlags(c *command, change func(had, flags []string) []string) error {
	flags, err := m.flagList(c.args[1])
	if err != nil {
		return err
	}
	if !c.args[0].given() {
		m.flags = distinct(change(m.flags, flags))
		return nil
	}
	name, err := m.text(c.args[0])
	if err != nil {
		return err
	}
	name = strings.ToLower(name)
	vars, short := m.place(name)
	return m.setVariable(name, strings.Join(distinct(change(strings.Fields(vars[short]), flags)), " "))
}

func checkFlagVariable(c *checker, cmd *command) {
	if cmd.args[0].given() {
		checkSet(c, cmd)
	}
}

// flagList are flags, of which one text may hold several (RFC 5232 §2).
func (m *machine) flagList(v value) (all []string, err error) {
	texts, err := m.texts(v)
	for _, s := range texts {
		all = append(all, strings.Fields(s)...)
	}
	return distinct(all), err
}

// mostFlags are kept of one list.
const mostFlags = 100

// distinct leaves out what stands before already, in any case, and what can be no flag.
func distinct(flags []string) (all []string) {
	for _, f := range flags {
		if len(all) < mostFlags && isFlag(f) && !hasFold(all, f) {
			all = append(all, f)
		}
	}
	return all
}

// isFlag holds for keywords, and for the system flags that a person sets (RFC 5232 §2).
func isFlag(f string) bool {
	if f[0] == '\\' {
		return hasFold([]string{`\Seen`, `\Answered`, `\Flagged`, `\Deleted`, `\Draft`}, f)
	}
	bad := func(c rune) bool { return c <= ' ' || c >= 127 || strings.ContainsRune(`(){%*"\]`, c) }
	return len(f) <= 100 && !strings.ContainsFunc(f, bad)
}

func hasFold(all []string, s string) bool {
	for _, one := range all {
		if strings.EqualFold(one, s) {
			return true
		}
	}
	return false
}

// hasFlag tests a list of flags; :count counts them all (RFC 5232 §4).
func (m *machine) hasFlag(c *command) (bool, error) {
	had := m.flags
	if c.args[0].given() {
		names, err := m.texts(c.args[0])
		if err != nil {
			return false, err
		}
		had = nil
		for _, name := range names {
			vars, short := m.place(strings.ToLower(name))
			had = append(had, distinct(strings.Fields(vars[short]))...)
		}
	}
	if c.matching.kind == matchIs || c.matching.kind == matchContains {
		wanted, err := m.flagList(c.args[1])
		if err != nil {
			return false, err
		}
		return m.matchKeys(c, had, wanted)
	}
	return m.match(c, had, c.args[1])
}
