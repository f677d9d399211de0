package operator_test

import (
	"strings"
	"testing"
	"time"

	"haven"
	"haven/people/operator"
	"haven/people/peopletest"
	"haven/platform/db"
	"haven/platform/errs"
	"haven/platform/policy"
)

func TestMayMake(t *testing.T) {
	t.Parallel()
	p, err := policy.Profile("")
	if err != nil {
		t.Fatal(err)
	}
	now := peopletest.Start
	for _, c := range []struct {
		name    string
		until   time.Duration
		serving int
		rule    haven.Rule
	}{
		{"monitoring", time.Hour, 0, "token.made"},
		{"", time.Hour, 0, "token.name"},
		{"🦊", time.Hour, 0, "token.name"},
		{"a\nb", time.Hour, 0, "token.name"},
		{"مراقبة", time.Hour, 0, "token.made"},
		{strings.Repeat("a", 61), time.Hour, 0, "token.name"},
		{"monitoring", 0, 0, "token.until"},
		{"monitoring", p.Operator.TokenFor, 0, "token.made"},
		{"monitoring", p.Operator.TokenFor + time.Second, 0, "token.until"},
		{"monitoring", time.Hour, p.Operator.Tokens, "token.most"},
	} {
		if v := operator.MayMake(c.name, now.Add(c.until), c.serving, p.Operator, now); v.Rule != c.rule {
			t.Errorf("%q: %+v, want %s", c.name, v, c.rule)
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	peopletest.Each(t, func(t *testing.T, h *peopletest.House) {
		ctx, s := t.Context(), h.Operators
		until := h.Clock.Now().Add(48 * time.Hour)
		secret, made, err := s.MakeToken(ctx, peopletest.Operator, "monitoring", until)
		if err != nil || !strings.HasPrefix(secret, "haven_") {
			t.Fatal(err)
		}
		if _, _, err := s.MakeToken(ctx, peopletest.Operator, "monitoring", until); !errs.Is(err, errs.Conflict) {
			t.Errorf("two of one name: %v", err)
		}
		if _, _, err := s.MakeToken(ctx, peopletest.As(h.Person("Aisha", "Rahman")), "mine", until); !errs.Is(err, errs.NotFound) {
			t.Errorf("by somebody who is no operator: %v", err)
		}
		for _, wrong := range []string{"", "haven_", secret + "x", strings.ToUpper(secret), "haven_" + strings.Repeat("a", 1000), strings.TrimPrefix(secret, "haven_")} {
			if _, err := s.UseToken(ctx, wrong); !errs.Is(err, errs.Private) {
				t.Errorf("%.20q: %v", wrong, err)
			}
		}
		if used, err := s.UseToken(ctx, secret); err != nil || used.ID != made.ID || !used.Used.IsZero() {
			t.Errorf("%+v, %v", used, err)
		}
		if all, err := s.Tokens(ctx); err != nil || len(all) != 1 || all[0].Used.IsZero() || all[0].Name != "monitoring" {
			t.Errorf("%+v, %v", all, err)
		}
		inRows := 0
		if err := h.DB.Read(ctx, func(tx *db.Tx) error {
			return tx.Query(`SELECT name, hash FROM admin_token`, nil, func(r db.Row) error {
				if strings.Contains(string(r.Bytes(1)), secret) {
					inRows++
				}
				return nil
			})
		}); err != nil || inRows > 0 {
			t.Errorf("the secret stands in %d rows, %v", inRows, err)
		}
		if err := s.RevokeToken(ctx, peopletest.Operator, made.ID); err != nil {
			t.Fatal(err)
		}
		if err := s.RevokeToken(ctx, peopletest.Operator, made.ID); !errs.Is(err, errs.NotFound) {
			t.Errorf("revoked twice: %v", err)
		}
		if _, err := s.UseToken(ctx, secret); !errs.Is(err, errs.Private) {
			t.Errorf("a revoked one: %v", err)
		}
		secret, again, err := s.MakeToken(ctx, peopletest.Operator, "monitoring", until)
		if err != nil || again.ID == made.ID {
			t.Fatalf("%+v, %v", again, err)
		}
		h.Clock.Advance(48 * time.Hour)
		if _, err := s.UseToken(ctx, secret); !errs.Is(err, errs.Private) {
			t.Errorf("a lapsed one: %v", err)
		}
	})
}
