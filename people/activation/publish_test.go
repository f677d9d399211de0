package activation_test

import (
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/activation"
	"haven/platform/policy"
)

func TestMayPublish(t *testing.T) {
	t.Parallel()
	p, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name  string
		text  string
		holds time.Duration
		rule  haven.Rule
	}{
		{"in two weeks", "# Rules\nKeep them.", 14 * 24 * time.Hour, "activation.policy"},
		{"at once", "Keep them.", 0, "activation.policy"},
		{"no text", " \n", 0, "activation.policy-empty"},
		{"the longest", strings.Repeat("é", p.Operator.TextRunes), 0, "activation.policy"},
		{"longer", strings.Repeat("é", p.Operator.TextRunes+1), 0, "activation.policy-long"},
		{"a control", "a\x00b", 0, "activation.policy-control"},
		{"yesterday", "Keep them.", -time.Second, "activation.policy-holds"},
		{"in two years", "Keep them.", 2 * 366 * 24 * time.Hour, "activation.policy-holds"},
	} {
		if v := activation.MayPublish(c.text, now.Add(c.holds), p.Operator, now); v.Rule != c.rule {
			t.Errorf("%s: %+v, want %s", c.name, v, c.rule)
		}
	}
}
