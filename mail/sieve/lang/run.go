package lang

import (
	"fmt"
	"strings"

	"haven/mail/mime"
)

// Run runs a script over a letter. An error of the script itself is an Error, one of the house any other; after either the letter is to be kept as it came, and nothing else
// is to be done (RFC 5228 §2.10.6).
func (s *Script) Run(l Letter, h House, lim Limits) (Result, error) {
	m := &machine{lim: lim, letter: l, house: h, globals: map[string]string{}, frame: newFrame(""), marks: map[string]bool{}}
	m.readHeader()
	if err := m.block(s.body); err != nil {
		return Result{}, err
	}
	if !m.settled {
		if err := m.add(Action{Kind: Keep, Flags: m.flags, Header: m.written()}); err != nil {
			return Result{}, err
		}
	}
	return m.result, nil
}

type flow uint8

const (
	goesOn flow = iota
	returns
	stops
)

// machine runs a script once.
type machine struct {
	lim     Limits
	letter  Letter
	house   House
	work    int64
	flow    flow
	line    int
	result  Result
	settled bool // the implicit keep is cancelled

	fields    []field
	edited    bool
	edits     int
	asWritten mime.Header // of fields; "": not made yet

	frame   *frame
	depth   int
	globals map[string]string
	sets    int
	flags   []string // the internal variable (RFC 5232 §2)
	marks   map[string]bool
	ran     map[string]bool // included so far
}

// frame is what is one script's own while others include each other.
type frame struct {
	name    string
	vars    map[string]string
	shared  map[string]bool // names that global makes the same in all
	matches []string
}

func newFrame(name string) *frame {
	return &frame{name: name, vars: map[string]string{}, shared: map[string]bool{}}
}

// fail is an error of the script where it stands.
func (m *machine) fail(say string, args ...any) error {
	if len(args) > 0 {
		say = fmt.Sprintf(say, args...)
	}
	return Error{Line: m.line, Script: m.frame.name, Say: say}
}

// spend counts work, and ends a run that does too much.
func (m *machine) spend(n int64) error {
	if m.work += n; m.work > m.lim.Work {
		return m.fail("The script does more than a script may do to one letter.")
	}
	return nil
}

// perCommand is the work of a command or test besides what it looks at.
const perCommand = 20

func (m *machine) block(cmds []*command) error {
	for _, c := range cmds {
		if err := m.do(c); err != nil || m.flow != goesOn {
			return err
		}
	}
	return nil
}

func (m *machine) do(c *command) error {
	for ; c != nil; c = c.tail {
		m.line = c.line
		if err := m.spend(perCommand); err != nil {
			return err
		}
		if c.run != nil {
			return c.run(m, c)
		}
		yes := true // else
		if len(c.tests) > 0 {
			var err error
			if yes, err = m.test(c.tests[0]); err != nil {
				return err
			}
		}
		if yes {
			return m.block(c.block)
		}
	}
	return nil
}

func (m *machine) test(c *command) (bool, error) {
	m.line = c.line
	if err := m.spend(perCommand); err != nil {
		return false, err
	}
	return c.eval(m, c)
}

func (m *machine) not(c *command) (bool, error) {
	yes, err := m.test(c.tests[0])
	return !yes, err
}

// anyOf and allOf stop at the first test that decides (RFC 5228 §5.2, 5.3).
func (m *machine) anyOf(c *command) (bool, error) {
	for _, t := range c.tests {
		if yes, err := m.test(t); yes || err != nil {
			return yes, err
		}
	}
	return false, nil
}

func (m *machine) allOf(c *command) (bool, error) {
	for _, t := range c.tests {
		if yes, err := m.test(t); !yes || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (m *machine) stop(*command) error {
	m.flow = stops
	return nil
}

// back ends an included script; in the script itself it is a stop (RFC 6609 §3.3).
func (m *machine) back(*command) error {
	m.flow = returns
	return nil
}

// include runs another script of the account (RFC 6609 §3.2).
func (m *machine) include(c *command) error {
	name, err := m.text(c.args[0])
	if err != nil {
		return err
	}
	if c.has("once") && m.ran[name] {
		return nil
	}
	if m.depth >= m.lim.Includes {
		return m.fail("Scripts include each other at most %d deep.", m.lim.Includes)
	}
	var s *Script
	if !c.has("global") {
		if s, err = m.house.Include(name); err != nil {
			if wrong, ok := err.(Errors); ok && len(wrong) > 0 {
				return m.fail("The script %s that is included is wrong: %s", quote(name), wrong[0].Error())
			}
			return err
		}
	}
	if s == nil {
		if c.has("optional") {
			return nil
		}
		return m.fail("There is no script %s to include.", quote(name))
	}
	if m.ran == nil {
		m.ran = map[string]bool{}
	}
	m.ran[name] = true
	if err := m.spend(int64(s.octets)); err != nil { // it may have been read for this
		return err
	}
	outer := m.frame
	m.frame = newFrame(name)
	m.depth++
	err = m.block(s.body)
	m.depth--
	m.frame = outer
	if m.flow == returns {
		m.flow = goesOn
	}
	return err
}

func checkInclude(c *checker, cmd *command) {
	if name := c.constant(cmd.args[0], "The name of a script"); name == "" {
		c.fail(cmd.line, "include names a script.")
	}
}

// text is a text with its variables in place.
func (m *machine) text(v value) (string, error) {
	if len(v.list) == 0 {
		return "", nil
	}
	return m.expand(v.list[0])
}

func (m *machine) texts(v value) (all []string, err error) {
	for _, t := range v.list {
		s, err := m.expand(t)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func (m *machine) expand(t text) (string, error) {
	if s, ok := t.constant(); ok {
		return s, m.spend(int64(len(s)))
	}
	var b strings.Builder
	for _, p := range t {
		s := p.lit
		if p.isVar {
			s = m.variable(p)
		}
		if b.Len()+len(s) > m.lim.Octets {
			return "", m.fail("A text with its variables is longer than %d octets.", m.lim.Octets)
		}
		b.WriteString(s)
	}
	return b.String(), m.spend(int64(b.Len()))
}
