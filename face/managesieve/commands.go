package managesieve

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"haven/mail/sieve"
	"haven/platform/errs"
)

// command is what a command does: it reads its arguments, and sets the session's pending answer or returns why not.
type command struct {
	do      func(*session, context.Context) error
	inside  bool // after the log in alone
	outside bool // before it alone
}

var commands = map[string]command{
	"CAPABILITY":   {do: (*session).capability},
	"NOOP":         {do: (*session).noop},
	"LOGOUT":       {do: (*session).logout},
	"STARTTLS":     {do: (*session).beginTLS, outside: true},
	"AUTHENTICATE": {do: (*session).authenticate, outside: true},

	"UNAUTHENTICATE": {do: (*session).unauthenticate, inside: true},
	"HAVESPACE":      {do: (*session).haveSpace, inside: true},
	"PUTSCRIPT":      {do: (*session).putScript, inside: true},
	"CHECKSCRIPT":    {do: (*session).checkScript, inside: true},
	"LISTSCRIPTS":    {do: (*session).listScripts, inside: true},
	"SETACTIVE":      {do: (*session).setActive, inside: true},
	"GETSCRIPT":      {do: (*session).getScript, inside: true},
	"DELETESCRIPT":   {do: (*session).deleteScript, inside: true},
	"RENAMESCRIPT":   {do: (*session).renameScript, inside: true},
}

// ok is the answer to a command that was done.
func (s *session) ok(text string) error {
	s.pending += answer("OK", "", text)
	return nil
}

// capabilities are what the client may be told now (RFC 5804 §1.7).
func (s *session) capabilities() string {
	mechanisms := ""
	if s.mayAuth() {
		mechanisms = "PLAIN"
	}
	lines := [][2]string{{"IMPLEMENTATION", "Haven"}, {"SASL", mechanisms}, {"SIEVE", strings.Join(s.srv.o.Extensions, " ")}, {"MAXREDIRECTS", fmt.Sprint(s.srv.o.Redirects)}, {"VERSION", "1.0"}}
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(encode(l[0]) + " " + encode(l[1]) + "\r\n")
	}
	b.WriteString("\"UNAUTHENTICATE\"\r\n")
	if s.srv.o.TLS != nil && !s.tls {
		b.WriteString("\"STARTTLS\"\r\n")
	}
	if s.in {
		b.WriteString("\"OWNER\" " + encode(s.who.Address) + "\r\n")
	}
	return b.String()
}

func (s *session) capability(context.Context) error {
	if s.d.end() {
		s.pending = s.capabilities()
		return s.ok("Done.")
	}
	return nil
}

func (s *session) noop(context.Context) error {
	if !s.d.more() {
		if s.d.end() {
			return s.ok("Done.")
		}
		return nil
	}
	if tag := s.d.text(); s.d.end() {
		s.pending = answer("OK", "TAG "+encode(tag), "Done.")
	}
	return nil
}

func (s *session) logout(context.Context) error {
	if s.d.end() {
		s.write(answer("OK", "", "Until next time."))
		s.closed = true
	}
	return nil
}

func (s *session) unauthenticate(context.Context) error {
	if s.d.end() {
		s.signOut()
		return s.ok("Logged out.")
	}
	return nil
}

// beginTLS is RFC 5804 §2.2.
func (s *session) beginTLS(ctx context.Context) error {
	switch {
	case !s.d.end():
		return nil
	case s.tls || s.srv.o.TLS == nil:
		s.d.wrong("STARTTLS is not possible here.")
		return nil
	case s.d.r.Buffered() > 0:
		s.bye("", "Nothing may follow STARTTLS before TLS.")
		return nil
	}
	if err := s.startTLS(ctx); err != nil {
		s.closed = true
		return nil
	}
	s.pending = s.capabilities()
	return s.ok("TLS has begun.")
}

var errPlaintext = &errs.Error{Kind: errs.Private, Rule: rulePlaintext, Say: "Passwords are taken over TLS only."}

// authenticate is RFC 5804 §2.1 with PLAIN (RFC 4616).
func (s *session) authenticate(ctx context.Context) error {
	mechanism := s.d.text()
	given, has := "", false
	if s.d.more() {
		given, has = s.d.text(), true
	}
	switch {
	case !s.d.end():
		return nil
	case !s.mayAuth():
		return errPlaintext
	case !strings.EqualFold(mechanism, "PLAIN"):
		return errs.E(errs.Invalid, "Use AUTHENTICATE \"PLAIN\".")
	case !has:
		var ok bool
		if given, ok = s.ask(); !ok {
			return nil
		}
	}
	msg, err := base64.StdEncoding.DecodeString(given)
	parts := strings.Split(string(msg), "\x00")
	if err != nil || len(parts) != 3 {
		s.d.wrong("PLAIN takes authzid, NUL, user, NUL, password in base64.")
		return nil
	}
	return s.signIn(ctx, Login{AuthzID: parts[0], User: parts[1], Password: parts[2], Place: s.place})
}

// ask sends an empty challenge and reads the answer.
func (s *session) ask() (string, bool) {
	if s.write("\"\"\r\n"); s.closed {
		return "", false
	}
	s.d.begin()
	given := s.d.bare()
	if !s.d.end() {
		return "", false
	}
	if given == "*" {
		s.d.wrong("Cancelled.")
		return "", false
	}
	return given, true
}

func (s *session) signIn(ctx context.Context, l Login) error {
	who, err := s.srv.o.People.Authenticate(ctx, l)
	if f := s.srv.o.Metrics.Login; f != nil {
		f(err == nil)
	}
	if err != nil {
		return s.refusedLogin(err)
	}
	if !s.srv.enlist(who.Person) {
		return errs.E(errs.TooMany, "You have %d connections open already. Close some of your programs.", s.srv.o.Limits.PerPerson)
	}
	s.in, s.who, s.failed = true, who, 0
	return s.ok("Welcome.")
}

// refusedLogin answers a log in that failed: in the same words whoever it was, save where the reason is the person's to know. After a few of them the connection ends.
func (s *session) refusedLogin(err error) error {
	var e *errs.Error
	switch {
	case errs.Is(err, errs.Transient), errs.Is(err, errs.Internal), errs.Is(err, errs.TooMany):
		return err // no failure of the person
	case errors.As(err, &e) && e.Rule == "password.expired":
	case errs.Is(err, errs.Private), errs.Is(err, errs.NotFound):
		err = errs.E(errs.Private, "The user name or password is wrong.")
	}
	if s.failed++; s.failed >= s.srv.o.Limits.Failures {
		s.bye(codeOf(err), "Too many failed log ins.")
		return nil
	}
	return err
}

func (s *session) haveSpace(ctx context.Context) error {
	name, octets := s.d.text(), s.d.number()
	if !s.d.end() {
		return nil
	}
	if err := s.srv.o.Scripts.HaveSpace(ctx, s.viewer(), name, octets); err != nil {
		return err
	}
	return s.ok("There is room.")
}

func (s *session) putScript(ctx context.Context) error {
	name, text := s.d.text(), s.d.text()
	if !s.d.end() || s.d.over {
		return nil
	}
	if _, err := s.srv.o.Scripts.Put(ctx, s.actor(), s.viewer(), sieve.ByName(name), text); err != nil {
		return err
	}
	return s.ok("The script is kept.")
}

func (s *session) checkScript(context.Context) error {
	text := s.d.text()
	if !s.d.end() || s.d.over {
		return nil
	}
	if err := s.srv.o.Scripts.Check(text); err != nil {
		return err
	}
	return s.ok("The script is right.")
}

func (s *session) listScripts(ctx context.Context) error {
	if !s.d.end() {
		return nil
	}
	l, err := s.srv.o.Scripts.List(ctx, s.viewer())
	if err != nil {
		return err
	}
	for _, one := range l.Scripts {
		s.pending += encode(one.Name)
		if one.Active {
			s.pending += " ACTIVE"
		}
		s.pending += "\r\n"
	}
	return s.ok("Done.")
}

func (s *session) setActive(ctx context.Context) error {
	name := s.d.text()
	if !s.d.end() {
		return nil
	}
	if err := s.srv.o.Scripts.SetActive(ctx, s.actor(), s.viewer(), sieve.ByName(name)); err != nil {
		return err
	}
	return s.ok("Done.")
}

func (s *session) getScript(ctx context.Context) error {
	name := s.d.text()
	if !s.d.end() {
		return nil
	}
	_, text, err := s.srv.o.Scripts.Get(ctx, s.viewer(), sieve.ByName(name))
	if err != nil {
		return err
	}
	s.pending = fmt.Sprintf("{%d}\r\n%s\r\n", len(text), text)
	return s.ok("Done.")
}

func (s *session) deleteScript(ctx context.Context) error {
	name := s.d.text()
	if !s.d.end() {
		return nil
	}
	if err := s.srv.o.Scripts.Delete(ctx, s.actor(), s.viewer(), sieve.ByName(name)); err != nil {
		return err
	}
	return s.ok("The script is gone.")
}

func (s *session) renameScript(ctx context.Context) error {
	from, to := s.d.text(), s.d.text()
	if !s.d.end() {
		return nil
	}
	if _, err := s.srv.o.Scripts.Rename(ctx, s.actor(), s.viewer(), sieve.ByName(from), to); err != nil {
		return err
	}
	return s.ok("Done.")
}
