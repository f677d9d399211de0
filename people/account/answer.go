package account

import (
	"context"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// NormaliseAnswer is an answer to a security question as it is compared: without regard to case, to spaces around and between, and to
// punctuation. Rules 6.
func NormaliseAnswer(answer string) string {
	folded := cases.Fold().String(norm.NFKC.String(answer))
	words := strings.FieldsFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
	return strings.Join(words, " ")
}

// HashAnswer hashes an answer that was normalised, as a password is hashed.
func (s *Service) HashAnswer(ctx context.Context, answer string) (string, error) {
	if err := s.queue.enter(ctx, "answer"); err != nil {
		return "", err
	}
	defer s.queue.leave()
	return hashNew(answer, s.o.Policy.Password).String(), nil
}

// MatchesAnswer reports whether an answer that was normalised is the one that was hashed. A hash that is none costs the same time.
func (s *Service) MatchesAnswer(ctx context.Context, answer, hash string) (bool, error) {
	if err := s.queue.enter(ctx, "answer"); err != nil {
		return false, err
	}
	defer s.queue.leave()
	return s.matches(answer, hash), nil
}
