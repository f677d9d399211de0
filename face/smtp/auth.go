package smtp

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"
)

// maxCredential bounds user name and password each; RFC 4616 §2 has 255 octets in mind, passwords go to 256 (Rules 6).
const maxCredential = 1024

// mayAuth reports whether AUTH is offered here and now.
func (c *conn) mayAuth() bool {
	_, able := c.session.(Authenticator)
	return able && (c.peer.TLS != nil || c.s.AllowPlaintextAuth)
}

// auth is the AUTH command (RFC 4954 §4).
func (c *conn) auth(ctx context.Context, arg string) {
	if _, able := c.session.(Authenticator); !able {
		c.wrong(502, "5.5.1", "Nobody signs in here.")
		return
	}
	if !c.mayAuth() {
		c.wrong(538, "5.7.11", "Begin with STARTTLS; a password is not read in the clear.")
		return
	}
	mechanism, initial, has := strings.Cut(arg, " ")
	var login Login
	var no refusal
	switch strings.ToUpper(mechanism) {
	case "PLAIN":
		login, no = c.authPlain(initial, has)
	case "LOGIN":
		login, no = c.authLogin(initial, has)
	default:
		no = refuse(504, "5.5.4", "Mechanisms are PLAIN and LOGIN.")
	}
	switch {
	case c.quit:
	case no != nil:
		c.wrong(no.Code, no.Enhanced, no.Text)
	default:
		c.signIn(ctx, login)
	}
}

func (c *conn) signIn(ctx context.Context, login Login) {
	if err := c.session.(Authenticator).Auth(ctx, login); err != nil {
		r := ReplyFor(err, StageAuth)
		c.answer(r)
		if r.Code/100 != 5 {
			return // not the person's failure
		}
		c.s.Counters.AuthBad.Add(1)
		c.s.logger().Info("smtp: sign-in refused", "place", c.peer.Addr, "code", r.Code)
		if c.badAuths++; c.badAuths >= c.s.Limits.AuthFailures {
			c.hangUp(421, "4.7.0", "Too many failed attempts.")
		}
		return
	}
	c.s.Counters.AuthGood.Add(1)
	c.peer.User = login.User
	c.say(235, "2.7.0", "Signed in.")
}

// authPlain reads RFC 4616: authzid NUL authcid NUL passwd.
func (c *conn) authPlain(initial string, has bool) (Login, refusal) {
	response, no := c.saslResponse(initial, has, "")
	if no != nil {
		return Login{}, no
	}
	parts := strings.Split(response, "\x00")
	if len(parts) != 3 {
		return Login{}, refuse(501, "5.5.2", "PLAIN is: identity to act as, NUL, user name, NUL, password.")
	}
	return checkLogin(Login{As: parts[0], User: parts[1], Password: parts[2]})
}

// authLogin reads user name and password one after the other; there is no RFC, only usage.
func (c *conn) authLogin(initial string, has bool) (Login, refusal) {
	user, no := c.saslResponse(initial, has, "Username:")
	if no != nil {
		return Login{}, no
	}
	password, no := c.saslResponse("", false, "Password:")
	if no != nil {
		return Login{}, no
	}
	return checkLogin(Login{User: user, Password: password})
}

func checkLogin(l Login) (Login, refusal) {
	for _, s := range []string{l.User, l.As, l.Password} {
		if len(s) > maxCredential || !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			return Login{}, refuse(501, "5.5.2", "User name or password is not valid text.")
		}
	}
	if l.User == "" || l.Password == "" {
		return Login{}, refuse(535, "5.7.8", "User name or password is missing.")
	}
	return l, nil
}

// saslResponse takes the initial response, or asks for one with the prompt (RFC 4954 §4).
func (c *conn) saslResponse(initial string, has bool, prompt string) (string, refusal) {
	if has {
		if initial == "=" { // RFC 4954 §4: an empty initial response
			return "", nil
		}
		return decodeBase64(initial)
	}
	c.say(334, "", base64.StdEncoding.EncodeToString([]byte(prompt)))
	line, err := c.readLine(time.Now().Add(c.s.Timeouts.Command))
	switch {
	case err == nil:
	case errors.Is(err, errBareLineEnd), errors.Is(err, errLineTooLong):
		return "", refuse(500, "5.5.6", "The line is too long, or not ended by CR LF.")
	case errors.Is(err, errInterrupted), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, io.EOF):
		c.hangUp(421, "4.4.2", "The exchange was given up.")
		return "", nil
	default:
		c.quit = true
		return "", nil
	}
	if string(line) == "*" {
		return "", refuse(501, "5.7.0", "Cancelled, as you asked.")
	}
	if len(line) > maxAuthCommand {
		return "", refuse(500, "5.5.6", "The line is too long.")
	}
	return decodeBase64(string(line))
}

func decodeBase64(s string) (string, refusal) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") {
		return "", refuse(501, "5.5.2", "The response is not valid base64.")
	}
	return string(b), nil
}
