package imap

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"strings"
	"time"
	"unicode/utf8"

	"haven"
	"haven/platform/errs"
)

// What CAPABILITY tells in any state, and what only to those who signed in.
const (
	capsAlways = "IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ID ENABLE"
	capsInside = " IDLE NAMESPACE ACL RIGHTS=kxte CONDSTORE QRESYNC MOVE UIDPLUS UNSELECT CHILDREN ESEARCH SEARCHRES WITHIN" +
		" SORT SORT=DISPLAY ESORT THREAD=ORDEREDSUBJECT THREAD=REFERENCES LIST-EXTENDED LIST-STATUS LIST-MYRIGHTS SPECIAL-USE" +
		" CREATE-SPECIAL-USE BINARY MULTIAPPEND QUOTA QUOTA=RES-STORAGE STATUS=SIZE OBJECTID UTF8=ACCEPT PREVIEW"
)

// capabilities is what the session may be told now.
func (s *session) capabilities() string {
	if s.state != notAuthenticated {
		return capsAlways + capsInside + " APPENDLIMIT=" + itoa(uint64(s.srv.limits.Message))
	}
	caps := capsAlways
	if s.srv.tls != nil && !s.tls {
		caps += " STARTTLS"
	}
	if s.mayAuth() {
		return caps + " AUTH=PLAIN AUTH=LOGIN"
	}
	return caps + " LOGINDISABLED"
}

// mayAuth tells whether a password may come over this connection.
func (s *session) mayAuth() bool { return s.tls || s.srv.plain }

func capability(c *call) error {
	if c.end() {
		c.e.Raw("* CAPABILITY ").Raw(c.capabilities()).CRLF()
	}
	return nil
}

func noop(c *call) error {
	c.end()
	return nil
}

func logout(c *call) error {
	if !c.end() {
		return nil
	}
	c.e.Raw("* BYE Until next time.").CRLF()
	c.e.Raw(c.tag).Raw(" OK LOGOUT done.").CRLF()
	c.closed = true
	return nil
}

// id is RFC 2971: the client's name goes to the audit log, and ours is told without a version.
func id(c *call) error {
	c.d.SP()
	var name, version string
	if b, ok := c.d.Peek(); ok && b == '(' {
		n := 0
		c.d.List(func() {
			if n++; n > 30 {
				c.d.Bad("ID has at most 30 fields")
				return
			}
			field := c.d.String()
			c.d.SP()
			value, _ := c.d.NString()
			switch strings.ToLower(field) {
			case "name":
				name = value
			case "version":
				version = value
			}
		})
	} else if c.d.Keyword() != "NIL" {
		c.d.Bad("ID takes NIL or a list")
	}
	if !c.end() {
		return nil
	}
	c.program = programName(name, version)
	c.e.Raw(`* ID ("name" "Haven")`).CRLF()
	return nil
}

// programName is what a program calls itself, short enough for an audit record.
func programName(name, version string) string {
	s := oneLine(strings.TrimSpace(name + " " + version))
	if name == "" && version == "" {
		return ""
	}
	for len(s) > 80 {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}

// enable is RFC 5161. CONDSTORE comes with QRESYNC (RFC 7162 §3.2.3).
func enable(c *call) error {
	var on []string
	for c.d.SP() {
		switch name := c.d.Keyword(); name {
		case "IMAP4REV2", "UTF8=ACCEPT", "CONDSTORE", "QRESYNC":
			on = append(on, name)
		}
		if p, ok := c.d.Peek(); !ok || p == '\r' {
			break
		}
	}
	if !c.end() {
		return nil
	}
	c.e.Raw("* ENABLED")
	for _, name := range on {
		switch name {
		case "IMAP4REV2":
			name, c.rev2 = "IMAP4rev2", true
		case "UTF8=ACCEPT":
			c.session.utf8 = true
		case "CONDSTORE":
			c.condstore = true
		case "QRESYNC":
			c.condstore, c.qresync = true, true
		}
		c.e.SP().Raw(name)
	}
	c.e.CRLF()
	c.e.UTF8 = c.session.utf8 || c.rev2
	return nil
}

// startTLS is RFC 9051 §6.2.1. Octets that came after the command, before TLS, could be anybody's: they end the connection.
func startTLS(c *call) error {
	if !c.end() {
		return nil
	}
	if c.session.tls || c.srv.tls == nil {
		c.d.Bad("STARTTLS is not possible here.")
		return nil
	}
	if c.d.Buffered() > 0 || c.n > 0 {
		c.bye("", "Nothing may follow STARTTLS before TLS.")
		return nil
	}
	c.e.Raw(c.tag).Raw(" OK Begin TLS.").CRLF()
	if c.e.Flush() != nil {
		c.closed = true
		return nil
	}
	t := tls.Server(c.conn, c.srv.tls)
	_ = c.conn.SetDeadline(c.deadline())
	if err := t.HandshakeContext(c.ctx); err != nil {
		c.closed = true
		return nil
	}
	_ = c.conn.SetDeadline(time.Time{})
	c.conn, c.session.tls, c.program = t, true, ""
	c.later = true
	return nil
}

var errPlaintext = refuse(errs.Private, "imap.plaintext", "Passwords are taken over TLS only.")

// login is RFC 9051 §6.2.3.
func login(c *call) error {
	c.d.SP()
	user := c.d.AString()
	c.d.SP()
	password := c.d.AString()
	if !c.end() {
		return nil
	}
	return c.signIn(Login{User: user, Password: password})
}

// authenticate is RFC 9051 §6.2.2 with PLAIN (RFC 4616) and LOGIN, which old programs know.
func authenticate(c *call) error {
	c.d.SP()
	mechanism := c.d.Keyword()
	initial, has := "", false
	if c.d.Accept(' ') {
		initial, has = c.d.Base64(), true
	}
	return c.sasl(mechanism, initial, has)
}

func (c *call) sasl(mechanism, initial string, has bool) error {
	if !c.end() {
		return nil
	}
	if !c.mayAuth() {
		return errPlaintext
	}
	var l Login
	var ok bool
	switch mechanism {
	case "PLAIN":
		l, ok = c.saslPlain(initial, has)
	case "LOGIN":
		l, ok = c.saslLogin(initial, has)
	default:
		return refuse(errs.Invalid, "", "Use AUTHENTICATE PLAIN.")
	}
	if !ok {
		return nil
	}
	return c.signIn(l)
}

func (c *call) saslPlain(initial string, has bool) (l Login, ok bool) {
	msg, ok := c.saslStep("", initial, has)
	if !ok {
		return l, false
	}
	parts := bytes.Split(msg, []byte{0})
	if len(parts) != 3 {
		return l, c.d.Bad("PLAIN takes authzid, NUL, user, NUL, password.")
	}
	return Login{AuthzID: string(parts[0]), User: string(parts[1]), Password: string(parts[2])}, true
}

func (c *call) saslLogin(initial string, has bool) (l Login, ok bool) {
	user, ok := c.saslStep("VXNlcm5hbWU6", initial, has) // "Username:"
	if !ok {
		return l, false
	}
	password, ok := c.saslStep("UGFzc3dvcmQ6", "", false) // "Password:"
	return Login{User: string(user), Password: string(password)}, ok
}

// saslStep asks for one answer in base64, unless it came with the command already ("=" is an empty one).
func (c *call) saslStep(challenge, answer string, has bool) ([]byte, bool) {
	if !has {
		c.e.Raw("+ ").Raw(challenge).CRLF()
		if err := c.e.Flush(); err != nil {
			return nil, c.d.Fail(err)
		}
		c.d.Begin()
		if c.d.Accept('*') {
			c.d.CRLF()
			return nil, c.d.Bad("Cancelled.")
		}
		if p, ok := c.d.Peek(); ok && p != '\r' {
			answer = c.d.Base64()
		}
		if !c.d.CRLF() {
			return nil, false
		}
	} else if answer == "=" {
		answer = ""
	}
	b, err := base64.StdEncoding.DecodeString(answer)
	if err != nil {
		return nil, c.d.Bad("That is no base64.")
	}
	return b, true
}

// signIn asks who it is and makes the session theirs.
func (c *call) signIn(l Login) error {
	if !c.mayAuth() {
		return errPlaintext
	}
	l.Place, l.Program = c.place, c.program
	who, err := c.srv.people.Authenticate(c.ctx, l)
	if f := c.srv.metrics.Login; f != nil {
		f(err == nil)
	}
	if err != nil {
		return c.refusedLogin(err)
	}
	if !c.srv.enlist(who.Person) {
		return errs.E(errs.TooMany, "You have %d connections open already. Close some of your mail programs.", c.srv.limits.PerPerson)
	}
	c.who, c.state, c.proven = who, authenticated, c.srv.now()
	c.d.Allow(c.wireLimits())
	c.own = c.srv.mail.Watch(func(haven.AccountNo) { c.doubt.Store(true) }, who.Person)
	c.doubt.Store(true) // it may have been revoked before it was watched
	c.code, c.text = "CAPABILITY "+c.capabilities(), "Welcome."
	return nil
}

// proveAgain is after how long what was proven at log in is asked again, though nobody told that it changed: another
// process may have.
const proveAgain = 30 * time.Second

// holds asks whether the session's log in is still good, where that is in doubt. It is the error of Session.Holds.
func (s *session) holds(ctx context.Context) error {
	if s.state == notAuthenticated || s.who.Holds == nil {
		return nil
	}
	now := s.srv.now()
	if !s.doubt.Swap(false) && now.Sub(s.proven) < proveAgain {
		return nil
	}
	err := s.who.Holds(ctx)
	if errs.Is(err, errs.Transient) {
		s.doubt.Store(true) // asked again with the next command, which will hardly get an answer either
		return nil
	}
	s.proven = now
	return err
}

// goesOn asks what holds asks, for a command that lasts as long as its client takes. It says good-bye itself.
func (s *session) goesOn(ctx context.Context) error {
	err := s.holds(ctx)
	if err != nil {
		s.bye("", oneLine(errs.Say(err)))
	}
	return err
}

// refusedLogin answers a log in that failed: in the same words whoever it was, save where the reason is the person's to
// know. After a few of them the connection ends.
func (c *call) refusedLogin(err error) error {
	var e *errs.Error
	switch {
	case errs.Is(err, errs.Transient), errs.Is(err, errs.Internal), errs.Is(err, errs.TooMany):
		return err // no failure of the person
	case errors.As(err, &e) && e.Rule == "password.expired":
	case errs.Is(err, errs.Private) || errs.Is(err, errs.NotFound):
		err = errWrong
	}
	if c.failures++; c.failures >= c.srv.limits.Failures {
		c.tagged(c.tag, c.name, err)
		c.bye("", "Too many failed log ins.")
		return nil
	}
	return err
}

var errWrong = refuse(errs.Private, "", "The user name or password is wrong.")

// placeOf is the client's network address without its port.
func placeOf(conn net.Conn) string {
	addr := conn.RemoteAddr()
	if addr == nil {
		return ""
	}
	host, _, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	return host
}
