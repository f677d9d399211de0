package lang

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// node is a command or test as it is written (RFC 5228 §8.2), before anybody knows whether it makes sense.
type node struct {
	name   string
	line   int
	args   []arg
	tests  []*node
	paren  bool // the tests stand in brackets
	block  []*node
	braces bool
}

// arg is a tag, a number, or strings.
type arg struct {
	line   int
	tag    string
	number bool
	num    int64
	list   bool // in brackets
	strs   []string
}

func (a arg) isTag() bool { return a.tag != "" }

// isText holds for a string and a list of strings.
func (a arg) isText() bool { return a.tag == "" && !a.number }

type parser struct {
	lexer
	tok  token
	most int
}

// parse reads a whole script. Blocks and tests inside each other are at most nesting deep.
func parse(text string, nesting int) ([]*node, *Error) {
	if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
		return nil, &Error{Line: 1, Say: "A script is text in UTF-8."}
	}
	p := &parser{lexer: lexer{s: strings.TrimPrefix(text, "\uFEFF"), line: 1}, most: nesting}
	p.advance()
	tree := p.commands(0)
	if p.bad == nil && p.tok.kind != tokEnd {
		p.unexpected("a command")
	}
	return tree, p.bad
}

func (p *parser) advance() { p.tok = p.next() }

func (p *parser) is(sign string) bool { return p.tok.kind == tokSign && p.tok.text == sign }

// take passes over a sign, and reports whether it was there.
func (p *parser) take(sign string) bool {
	if !p.is(sign) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) unexpected(want string) {
	if p.bad != nil {
		return
	}
	found := ""
	switch p.tok.kind {
	case tokEnd:
		found = "the end of the script"
	case tokNumber:
		found = fmt.Sprint(p.tok.num)
	case tokTag:
		found = ":" + p.tok.text
	case tokString:
		found = "the text " + quote(p.tok.text)
	default:
		found = p.tok.text
	}
	p.bad = &Error{Line: p.tok.line, Say: fmt.Sprintf("Here should be %s, and not %s.", want, found)}
}

func (p *parser) commands(depth int) (all []*node) {
	for p.bad == nil && p.tok.kind == tokWord {
		all = append(all, p.command(depth))
	}
	return all
}

func (p *parser) command(depth int) *node {
	n := p.head(depth)
	switch {
	case p.bad != nil, p.take(";"):
	case p.is("{"):
		p.advance()
		n.braces = true
		n.block = p.commands(depth + 1)
		if p.bad == nil && !p.take("}") {
			p.unexpected("a command or }")
		}
	default:
		p.unexpected("; or {")
	}
	return n
}

// head is a name with its arguments and tests: all of a test, and the beginning of a command.
func (p *parser) head(depth int) *node {
	n := &node{name: p.tok.text, line: p.tok.line}
	if depth > p.most {
		p.bad = &Error{Line: n.line, Say: fmt.Sprintf("Blocks and tests are at most %d deep inside each other.", p.most)}
		return n
	}
	p.advance()
	for p.bad == nil {
		a, ok := p.argument()
		if !ok {
			break
		}
		n.args = append(n.args, a)
	}
	switch {
	case p.bad != nil:
	case p.tok.kind == tokWord:
		n.tests = []*node{p.head(depth + 1)}
	case p.take("("):
		n.paren = true
		n.tests = p.testList(depth)
	}
	return n
}

func (p *parser) testList(depth int) (all []*node) {
	for {
		if p.tok.kind != tokWord {
			p.unexpected("a test")
			return all
		}
		all = append(all, p.head(depth+1))
		switch {
		case p.bad != nil, p.take(")"):
			return all
		case !p.take(","):
			p.unexpected("a comma or )")
			return all
		}
	}
}

func (p *parser) argument() (a arg, ok bool) {
	a.line = p.tok.line
	switch {
	case p.tok.kind == tokTag:
		a.tag = p.tok.text
	case p.tok.kind == tokNumber:
		a.number, a.num = true, p.tok.num
	case p.tok.kind == tokString:
		a.strs = []string{p.tok.text}
	case p.is("["):
		return p.list(a)
	default:
		return a, false
	}
	p.advance()
	return a, p.bad == nil
}

func (p *parser) list(a arg) (arg, bool) {
	a.list = true
	for p.advance(); ; p.advance() {
		if p.tok.kind != tokString {
			p.unexpected("a text in quotes")
			return a, false
		}
		a.strs = append(a.strs, p.tok.text)
		p.advance()
		if p.take("]") {
			return a, p.bad == nil
		}
		if !p.is(",") {
			p.unexpected("a comma or ]")
			return a, false
		}
	}
}
