package jmap

import (
	"encoding/base64"
	"net/http"
	"strings"
	"unicode/utf8"

	"haven/platform/errs"
)

// personHeader is how a page says whose it is; where a browser sets no headers (WebSocket, EventSource, a link) it is the parameter person.
const (
	personHeader    = "Haven-Person"
	personParameter = "person"
)

// signIn finds out who is there: by a password in a program, or by the cookie of the pages.
func (v *visit) signIn() error {
	if err := v.fromOwnPage(); err != nil {
		return err
	}
	if auth := v.r.Header.Get("Authorization"); auth != "" {
		return v.byPassword(auth)
	}
	c, err := v.r.Cookie(v.srv.o.Cookie)
	if v.srv.o.Cookie == "" || err != nil || c.Value == "" {
		return errNobody
	}
	return v.byCookie(c.Value)
}

func (v *visit) byPassword(auth string) error {
	user, password, err := credentials(auth)
	if err != nil {
		return err
	}
	s, err := v.srv.o.People.ByPassword(v.ctx(), Login{User: user, Password: password, Place: v.place(), Program: v.program()})
	if f := v.srv.o.Metrics.Login; f != nil {
		f(err == nil)
	}
	if errs.Is(err, errs.NotFound) { // a mailbox that the person may not know of is as wrong as a password
		return errNobody
	}
	if err != nil {
		return err
	}
	s.Place, s.Program, s.ByProgram = v.place(), "jmap "+v.program(), true
	v.session = &s
	return nil
}

// credentials reads Basic (RFC 7617), and Bearer (RFC 6750) with the token of docs/decisions/026: user, ":" and password in base64url.
func credentials(auth string) (user, password string, err error) {
	scheme, text, _ := strings.Cut(auth, " ")
	coding := base64.StdEncoding
	switch strings.ToLower(scheme) {
	case "basic":
	case "bearer":
		coding = base64.RawURLEncoding
		text = strings.TrimRight(text, "=")
	default:
		return "", "", errScheme
	}
	raw, err := coding.DecodeString(strings.TrimSpace(text))
	if err != nil || !utf8.Valid(raw) {
		return "", "", errNobody
	}
	user, password, ok := strings.Cut(string(raw), ":")
	if !ok || user == "" || password == "" {
		return "", "", errNobody
	}
	return user, password, nil
}

// Token is the bearer token of a password: what programs take that know of tokens alone.
func Token(user, password string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(user + ":" + password))
}

// byCookie signs in whoever is logged in on the pages of this browser, for a page of that person alone (Rules 6). The session resource may be
// asked without saying whose page it is: it is what tells.
func (v *visit) byCookie(token string) error {
	v.cookie = true
	s, err := v.srv.o.People.ByCookie(v.ctx(), token)
	if err != nil {
		return err
	}
	whose := v.r.Header.Get(personHeader)
	if whose == "" {
		whose = v.r.URL.Query().Get(personParameter)
	}
	switch {
	case whose == "" && v.r.URL.Path == wellKnown:
	case whose == "":
		return errNoPerson
	case whose != accountID(s.ID):
		return errOtherPerson
	}
	if v.r.Method != http.MethodGet && v.r.Header.Get("Origin") == "" {
		return errCross // browsers name the origin of what they post
	}
	s.Place, s.Program, s.ByProgram = v.place(), "web "+v.program(), false
	v.session = &s
	return nil
}
