package smtp

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"haven/platform/errs"
)

func TestWhatTheLogSaysOfARefusedLetter(t *testing.T) {
	t.Parallel()
	secret := &errs.Error{Kind: errs.Denied, Rule: "submission.sender", Say: "You may not send as ann@pharmacy.test."}
	for _, c := range []struct {
		why  string
		err  error
		want string
	}{
		{"a sentence about the letter", secret, "kind=denied rule=submission.sender"},
		{"wrapped", fmt.Errorf("ann@pharmacy.test: %w", secret), "kind=denied rule=submission.sender"},
		{"a cause of the letter's own", &errs.Error{Kind: errs.Invalid, Rule: "x", Cause: errors.New("ann@pharmacy.test")}, "kind=invalid rule=x"},
		{"a fault of ours", errors.New("no space"), `kind=internal cause="no space"`},
		{"a fault that passes", &errs.Error{Kind: errs.Transient, Rule: "storage.full", Say: "ann@pharmacy.test", Cause: errors.New("no space")}, `kind=transient rule=storage.full cause="no space"`},
		{"too large, which is no error", nil, ""},
	} {
		var out bytes.Buffer
		slog.New(slog.NewTextHandler(&out, nil)).Info("refused", whyRefused(c.err))
		_, got, _ := strings.Cut(strings.TrimSpace(out.String()), "msg=refused")
		if strings.TrimSpace(got) != c.want {
			t.Errorf("%s: the log says %q, wanted %q", c.why, got, c.want)
		}
	}
}
