package handover_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"haven"
	"haven/mail/handover"
	"haven/platform/policy"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestMayHandOver(t *testing.T) {
	t.Parallel()
	good := handover.Facts{Own: true, Rights: haven.Read | haven.Write, Letters: 3, Room: true}
	for _, c := range []struct {
		name   string
		change func(*handover.Facts)
		rule   haven.Rule
	}{
		{"the person", func(*handover.Facts) {}, "handover.own-letters"},
		{"an owner, the own letters", func(f *handover.Facts) { f.Rights = haven.Own }, "handover.own-letters"},
		{"an owner, somebody's letters", func(f *handover.Facts) { f.Own, f.Rights = false, haven.Own }, "handover.own"},
		{"no member", func(f *handover.Facts) { f.Rights = 0 }, "handover.member"},
		{"reads only", func(f *handover.Facts) { f.Rights = haven.Read }, "handover.read-only"},
		{"chose nothing", func(f *handover.Facts) { f.Letters = 0 }, "handover.nothing"},
		{"too much", func(f *handover.Facts) { f.Room = false }, "handover.no-room"},
		{"nothing known", func(f *handover.Facts) { *f = handover.Facts{} }, "handover.own"},
	} {
		f := good
		c.change(&f)
		if v := handover.MayHandOver(f); v.Rule != c.rule || v.Allowed != (c.rule == "handover.own-letters") {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
}

func TestMayCount(t *testing.T) {
	t.Parallel()
	const both = haven.Read | haven.Write
	for _, c := range []struct {
		owner, person haven.Rights
		want          bool
	}{
		{haven.Own, both, true}, {haven.Own, haven.Own, true}, {both, both, false}, {0, both, false}, {haven.Own, haven.Read, false}, {haven.Own, 0, false},
	} {
		if v := handover.MayCount(c.owner, c.person); v.Allowed != c.want {
			t.Errorf("%v of %v: %+v", c.owner, c.person, v)
		}
	}
}

func TestMayBegin(t *testing.T) {
	t.Parallel()
	p := policy.Handover{Within: 10 * time.Minute}
	for _, c := range []struct {
		since time.Time
		want  bool
	}{{time.Time{}, true}, {noon, false}, {noon.Add(-10*time.Minute + 1), false}, {noon.Add(-10 * time.Minute), true}} {
		if v := handover.MayBegin(c.since, p, noon); v.Allowed != c.want {
			t.Errorf("since %v: %+v", c.since, v)
		}
	}
}

// said is a letter: "id from to,to".
func said(n int, text string) handover.Letter {
	f := strings.Fields(text + " -")
	l := handover.Letter{ID: f[0], UID: haven.UID(n + 1), At: noon.Add(time.Duration(n) * time.Minute), Octets: 10}
	for i, into := range []*[]haven.Address{&l.From, &l.To} {
		for _, a := range strings.Split(f[i+1], ",") {
			if a != "-" {
				*into = append(*into, haven.MustAddress(a+".test"))
			}
		}
	}
	return l
}

func letters(texts ...string) (all []handover.Letter) {
	for i, text := range texts {
		all = append(all, said(i, text))
	}
	return all
}

func TestOffer(t *testing.T) {
	t.Parallel()
	// ann is the person, ben a colleague, rx the premises' mailbox; gp and lab write with the premises, mum does not.
	inside := map[string]bool{"ann@us.test": true, "ben@us.test": true, "rx@us.test": true}
	for _, c := range []struct {
		name          string
		own, premises []handover.Letter
		want          string // correspondents with their counts, the newest first; then all letters
	}{
		{"nothing", nil, nil, "0"},
		{"who wrote to both", letters("1 gp@a ann@us"), letters("2 gp@a rx@us"), "gp@a.test 1; 1"},
		{"who wrote to the person alone", letters("1 mum@a ann@us"), letters("2 gp@a rx@us"), "0"},
		{"to whom both wrote", letters("1 ann@us gp@a"), letters("2 rx@us gp@a"), "gp@a.test 1; 1"},
		{"a colleague's letter to somebody outside", letters("1 ben@us ann@us,gp@a"), letters("2 rx@us gp@a"), "gp@a.test 1; 1"},
		{"colleagues among themselves", letters("1 ben@us ann@us", "2 ann@us rx@us"), letters("3 ben@us rx@us"), "0"},
		{"who stands beside others in a stranger's letter", letters("1 mum@a ann@us,gp@a"), letters("2 gp@a rx@us"), "0"},
		{"who stood beside the premises in a stranger's letter", letters("1 mum@a ann@us"), letters("2 spam@a rx@us,mum@a"), "0"},
		{"there already", letters("1 gp@a ann@us,rx@us", "3 gp@a ann@us"), letters("1 gp@a ann@us,rx@us"), "gp@a.test 1; 1"},
		{"twice in the own mailbox", letters("1 gp@a ann@us", "1 gp@a ann@us"), letters("2 gp@a rx@us"), "gp@a.test 1; 1"},
		{"several", letters("1 gp@a ann@us", "2 ann@us gp@a,lab@a,mum@a", "3 gp@a ann@us"), letters("4 gp@a rx@us", "5 rx@us lab@a"), "gp@a.test 3; lab@a.test 1; 3"},
		{"in any case", letters("1 GP@a ann@us"), letters("2 gp@A rx@us"), "GP@a.test 1; 1"},
		{"from nobody", letters("1 - ann@us,gp@a"), letters("2 gp@a rx@us"), "0"},
		{"more than are shown", letters("1 gp@a ann@us", "2 lab@a ann@us", "3 gp@a ann@us", "4 d@a ann@us"), letters("5 gp@a rx@us", "6 lab@a rx@us", "7 d@a rx@us"), "d@a.test 1; gp@a.test 2; 3 more"},
	} {
		o := handover.Offer(c.own, c.premises, inside, policy.Handover{Correspondents: 2})
		var got []string
		for _, x := range o.Correspondents {
			got = append(got, fmt.Sprint(x.Address, " ", x.Letters))
		}
		n := fmt.Sprint(o.Count().Letters)
		if o.More {
			n += " more"
		}
		if got := strings.Join(append(got, n), "; "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestChosen(t *testing.T) {
	t.Parallel()
	o := handover.Offer(letters("1 gp@a ann@us", "2 ann@us gp@a,lab@a", "3 lab@a ann@us"), letters("4 gp@a rx@us", "5 lab@a rx@us"),
		map[string]bool{"ann@us.test": true, "rx@us.test": true}, policy.Handover{Correspondents: 9})
	for _, c := range []struct {
		of   []string
		want handover.Count
	}{
		{nil, handover.Count{}},
		{[]string{"mum@a.test"}, handover.Count{}},
		{[]string{"gp@a.test"}, handover.Count{Letters: 2, Correspondents: 1}},
		{[]string{"gp@a.test", "lab@a.test", "gp@a.test"}, handover.Count{Letters: 3, Correspondents: 2}},
	} {
		if got := o.Chosen(c.of); got != c.want {
			t.Errorf("%v: %+v", c.of, got)
		}
	}
}

func TestFolderName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Sam Carter": "Handed over by Sam Carter", "Sam/Carter\n": "Handed over by Sam-Carter-", "\xff": "Handed over by -", "Ééééé": "Handed over by Éééé",
	} {
		octets := 200
		if name == "Ééééé" {
			octets = 24
		}
		if got := handover.FolderName(name, octets); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}

func TestCountInWords(t *testing.T) {
	t.Parallel()
	got := []string{handover.Count{Letters: 1, Correspondents: 1}.String(), handover.Count{Letters: 12, Correspondents: 3}.String()}
	if want := []string{"1 letter with 1 correspondent", "12 letters with 3 correspondents"}; !slices.Equal(got, want) {
		t.Error(got)
	}
}
