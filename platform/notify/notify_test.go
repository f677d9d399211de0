package notify

import (
	"strings"
	"testing"

	"haven/platform/errs"
	"haven/platform/notify/notifytest"
)

func TestTemplates(t *testing.T) {
	t.Parallel()
	if err := checkTemplates(Templates); err != nil {
		t.Error(err)
	}
	good := Template{Name: "x", What: "x", Channel: Text, Body: "((code))", Secret: []string{"code"}}
	for _, c := range []struct {
		name string
		all  []Template
		want string
	}{
		{"twice", []Template{good, good}, "twice"},
		{"who and secret", []Template{{Name: "x", What: "x", Channel: Text, Body: "((username)) ((password))", Secret: []string{"password"}, UserID: []string{"username"}}}, "both who it is"},
		{"a password that is not said to be one", []Template{{Name: "x", What: "x", Channel: Text, Body: "((password))"}}, "what ((password)) is"},
		{"a username that is not said to be one", []Template{{Name: "x", What: "x", Channel: Text, Body: "((username)) ((code))", Secret: []string{"code"}}}, "what ((username)) is"},
		{"of no name for people", []Template{{Name: "x", Channel: Text, Body: "b"}}, "says nothing of what it is"},
		{"a text with a subject", []Template{{Name: "x", What: "x", Channel: Text, Subject: "s", Body: "b"}}, "a text with one"},
		{"an e-mail without", []Template{{Name: "x", What: "x", Channel: Email, Body: "b"}}, "without a subject"},
		{"a secret that is nowhere", []Template{{Name: "x", What: "x", Channel: Text, Body: "b", Secret: []string{"code"}}}, "no place ((code))"},
	} {
		if err := checkTemplates(c.all); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestFillAndMask(t *testing.T) {
	t.Parallel()
	if got, err := fill("a ((b)) c ((b))((d))", map[string]string{"b": "((x))", "d": ""}); err != nil || got != "a ((x)) c ((x))" {
		t.Errorf("%q, %v", got, err)
	}
	for _, text := range []string{"((b))", "((b", "(("} {
		if _, err := fill(text, nil); err == nil {
			t.Errorf("%q is filled with nothing", text)
		}
	}
	for to, want := range map[string]string{"pharmacy@elm.example": "p•••@e•••", "+447700900123": "•••123", "": "•••", "12": "•••", "ü@ö": "ü•••@ö•••", "@": "•••@•••"} {
		if got := Mask(to); got != want {
			t.Errorf("%q: %q, want %q", to, got, want)
		}
	}
}

func TestParseKey(t *testing.T) {
	t.Parallel()
	iss, sec, err := ParseKey(notifytest.Key)
	if err != nil || iss != "26785a09-ab16-4eb0-8407-a37497a57506" || sec != "3d844edf-8d35-48ac-975b-e847b4f122b0" {
		t.Errorf("%s, %s, %v", iss, sec, err)
	}
	for _, bad := range []string{"", "x", "name-" + iss, iss + "-" + strings.Repeat("z", 36), strings.Repeat("-", 80)} {
		if _, _, err := ParseKey(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code int
		kind string
		want errs.Kind
	}{
		{400, "ValidationError", errs.Invalid}, {400, "BadRequestError", errs.Transient}, {400, "", errs.Invalid}, {401, "AuthError", errs.Transient}, {403, "AuthError", errs.Transient},
		{404, "NoResultFound", errs.Invalid}, {429, "RateLimitError", errs.Transient}, {429, "TooManyRequestsError", errs.Transient}, {500, "Exception", errs.Transient}, {503, "", errs.Transient}, {302, "", errs.Invalid},
	} {
		if got := errs.KindOf(classify(c.code, []byte(`{"errors":[{"error":"`+c.kind+`"}]}`))); got != c.want {
			t.Errorf("%d %s: %s, want %s", c.code, c.kind, got, c.want)
		}
	}
	if got := errs.KindOf(classify(502, []byte("<html>"))); got != errs.Transient {
		t.Errorf("an answer of somebody in between: %s", got)
	}
}
