package smtp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"haven/platform/errs"
)

func TestEveryKind(t *testing.T) {
	t.Parallel()
	for _, k := range errs.Kinds() {
		row, ok := statuses[k]
		if !ok {
			t.Errorf("kind %v has no codes", k)
		}
		for _, s := range row {
			if s.code/100 != 4 && s.code/100 != 5 || s.enhanced[0] != byte('0'+s.code/100) {
				t.Errorf("kind %v: %d %s do not agree", k, s.code, s.enhanced)
			}
		}
	}
	if len(statuses) != len(errs.Kinds()) {
		t.Error("the table knows kinds that there are not")
	}
}

type exactError struct{ error }

func (exactError) SMTP() (int, string) { return 554, "5.4.6" }

func (e exactError) Unwrap() error { return e.error }

func TestReplyFor(t *testing.T) {
	t.Parallel()
	secret := errors.New("row 17 of table x")
	tests := []struct {
		name string
		err  error
		at   Stage
		want string
	}{
		{"a fault of ours hides its cause", errs.Wrap(errs.Internal, secret, ""), StageLetter, "451 4.3.0 Something"},
		{"an error of no kind is ours", secret, StageEnvelope, "451 4.3.0 Something"},
		{"a deadline is put off", fmt.Errorf("x: %w", context.DeadlineExceeded), StageLetter, "451 4.3.0 The service is busy"},
		{"the sentence is told", errs.E(errs.NotFound, "No %s here.", "bob"), StageEnvelope, "550 5.1.1 No bob here."},
		{"a full disk is named", fmt.Errorf("x: %w", errs.StorageFull(secret)), StageLetter, "452 4.3.1 The service has no room at the moment."},
		{"exact codes win", exactError{errs.E(errs.Denied, "A loop.")}, StageLetter, "554 5.4.6 A loop."},
		{"wrapped exact codes win", fmt.Errorf("x: %w", exactError{errs.E(errs.Denied, "A loop.")}), StageLetter, "554 5.4.6 A loop."},
		{"no line breaks out", errs.E(errs.Denied, "a\r\n250 b\tc"), StageLetter, "550 5.7.1 a  250 b c"},
		{"no UTF-8 by default", errs.E(errs.Denied, "für"), StageLetter, "550 5.7.1 f?r"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := string(appendReply(nil, ReplyFor(tt.err, tt.at), false))
			if !strings.HasPrefix(got, tt.want) || strings.Count(got, "\r\n") != 1 || strings.Contains(got, "row 17") {
				t.Errorf("said %q, wanted %q", got, tt.want)
			}
		})
	}
}

func TestLongReplies(t *testing.T) {
	t.Parallel()
	for _, text := range []string{strings.Repeat("word ", 300), strings.Repeat("x", 2000), strings.Repeat("ž", 1000), strings.Repeat("y ", 50000)} {
		got := string(appendReply(nil, Reply{550, "5.7.1", text}, true))
		lines := strings.SplitAfter(strings.TrimSuffix(got, "\r\n"), "\r\n")
		for i, l := range lines {
			want := "550-5.7.1 "
			if i == len(lines)-1 {
				want = "550 5.7.1 "
			}
			if len(l) > 512 || !strings.HasPrefix(l, want) {
				t.Errorf("line %d is %q", i, l)
			}
		}
		if len(lines) > maxReplyLines {
			t.Errorf("%d lines", len(lines))
		}
	}
}
