package push

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"haven/platform/errs"
	"haven/platform/policy"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func numbers(t *testing.T) policy.Push {
	t.Helper()
	p, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	return p.Push
}

func TestChanged(t *testing.T) {
	t.Parallel()
	last := States{"a": {"Email": "1", "Mailbox": "1"}, "b": {"Email": "7"}}
	for _, c := range []struct {
		name      string
		last, now States
		types     []string
		want      States
	}{
		{"nothing", last, last, nil, States{}},
		{"one type of one account", last, States{"a": {"Email": "2", "Mailbox": "1"}, "b": {"Email": "7"}}, nil, States{"a": {"Email": "2"}}},
		{"a type that nobody wants", last, States{"a": {"Email": "1", "Mailbox": "2"}}, []string{"Email"}, States{}},
		{"no type is wanted", last, States{"a": {"Email": "2"}}, []string{}, States{}},
		{"another account", last, States{"c": {"Email": "1"}}, []string{"Email"}, States{"c": {"Email": "1"}}},
		{"an account that may not be read any more", last, States{"b": {"Email": "7"}}, nil, States{}},
		{"all, at first", nil, last, nil, last},
		{"a state that is empty", nil, States{"a": {"Email": ""}}, nil, States{"a": {"Email": ""}}},
		{"back to an older state", last, States{"a": {"Email": "0", "Mailbox": "1"}}, nil, States{"a": {"Email": "0"}}},
	} {
		if got := Changed(c.last, c.now, c.types); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// A change of many accounts goes in several messages, none too long, and nothing is said twice or not at all.
func TestMessages(t *testing.T) {
	t.Parallel()
	if got := messages(States{"a": {"Email": "2"}}, 1000); len(got) != 1 || string(got[0].text) != `{"@type":"StateChange","changed":{"a":{"Email":"2"}}}` {
		t.Errorf("%s", got[0].text)
	}
	all := States{}
	for i := range 300 {
		all.note(States{fmt.Sprintf("account%d", i): {"Email": fmt.Sprint(i), "Mailbox": "x", "Thread": "y"}})
	}
	said, parts := States{}, messages(all, 4000)
	for _, m := range parts {
		if len(m.text) > 4000 {
			t.Errorf("a message of %d octets", len(m.text))
		}
		if again := Changed(said, m.says, nil); !reflect.DeepEqual(again, m.says) {
			t.Error("something is said twice")
		}
		said.note(m.says)
	}
	if !reflect.DeepEqual(said, all) || len(parts) > 16 {
		t.Errorf("%d messages", len(parts))
	}
	if got := messages(States{"a": {"Email": strings.Repeat("x", 5000), "Mailbox": "1"}}, 4000); len(got) != 1 || got[0].says["a"]["Mailbox"] != "1" {
		t.Errorf("with a state that is too long: %d", len(got))
	}
	if got := messages(States{}, 4000); len(got) != 0 {
		t.Error("nothing is a message")
	}
}

func TestUntil(t *testing.T) {
	t.Parallel()
	p := numbers(t)
	for _, c := range []struct {
		name        string
		asked, want time.Time
	}{
		{"not said", time.Time{}, noon.Add(p.Longest)},
		{"tomorrow", noon.Add(24 * time.Hour), noon.Add(24 * time.Hour)},
		{"next year", noon.AddDate(1, 0, 0), noon.Add(p.Longest)},
		{"past", noon.Add(-time.Second), time.Time{}},
		{"now", noon, time.Time{}},
	} {
		if got, err := until(c.asked, p, noon); !got.Equal(c.want) || (err != nil) != c.want.IsZero() || err != nil && Property(err) != "expires" {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
}

func TestOver(t *testing.T) {
	t.Parallel()
	p := numbers(t)
	good := facts{made: noon.Add(-48 * time.Hour), expires: noon.Add(1), verified: true}
	for want, f := range map[string]facts{
		"":                good,
		"push.expired":    {made: good.made, expires: noon, verified: true},
		"push.unverified": {made: noon.Add(-p.VerifyFor), expires: good.expires},
		"push.failing":    {made: good.made, expires: good.expires, verified: true, failing: noon.Add(-p.FailFor)},
	} {
		if got := over(f, p, noon); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for _, f := range []facts{{made: noon.Add(1 - p.VerifyFor), expires: good.expires}, {made: good.made, expires: good.expires, verified: true, failing: noon.Add(1 - p.FailFor)}} {
		if got := over(f, p, noon); got != "" {
			t.Errorf("%+v is over by %q", f, got)
		}
	}
}

func TestRetryWait(t *testing.T) {
	t.Parallel()
	p := numbers(t)
	for failed, want := range map[int]time.Duration{1: 30 * time.Second, 2: time.Minute, 3: 2 * time.Minute, 8: time.Hour, 1000: time.Hour, 0: 30 * time.Second} {
		if got := retryWait(failed, p); got != want {
			t.Errorf("after %d: %v, want %v", failed, got, want)
		}
	}
}

func TestProperty(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{"url": invalid(RuleURL, ""), "keys": invalid(RuleKeys, ""), "deviceClientId": invalid(RuleDevice, ""), "types": invalid(RuleTypes, ""),
		"expires": invalid(RuleExpires, ""), "verificationCode": fmt.Errorf("wrapped: %w", invalid(RuleCode, ""))} {
		if got := Property(err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for _, err := range []error{nil, errors.New("x"), errUnknown, errs.E(errs.Transient, "")} {
		if got := Property(err); got != "" {
			t.Errorf("%v is about %q", err, got)
		}
	}
}

func FuzzParseID(f *testing.F) {
	f.Add("p1y2p0ij32e8e7")
	f.Add("p-1")
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := ParseID(s); ok && (id.String() != s || id <= 0) {
			t.Errorf("%q is read as %v", s, id)
		}
	})
}
