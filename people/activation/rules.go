package activation

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"haven"
	"haven/people/account"
	"haven/platform/policy"
)

const (
	leastAnswer = 3   // characters, once normalised
	mostAnswer  = 200 // characters as typed
)

// CheckAnswers says whether a person's answers can be taken: so many different questions, each with an answer that is not another one's.
// The second result is the index of the answer at fault.
func CheckAnswers(answers []Answer, want int) (haven.Verdict, int) {
	seen, questions := map[string]bool{}, map[int]bool{}
	for i, a := range answers {
		known := slices.ContainsFunc(QuestionList, func(q Question) bool { return q.ID == a.Question })
		text := account.NormaliseAnswer(a.Text)
		switch {
		case !known:
			return haven.Refuse("questions.unknown", "Choose a question"), i
		case questions[a.Question]:
			return haven.Refuse("questions.twice", "Choose a question that you have not chosen already"), i
		case len([]rune(text)) < leastAnswer:
			return haven.Refuse("questions.short", fmt.Sprintf("Give an answer with at least %d letters or digits", leastAnswer)), i
		case len([]rune(a.Text)) > mostAnswer:
			return haven.Refuse("questions.long", fmt.Sprintf("Give an answer with at most %d characters", mostAnswer)), i
		case seen[text]:
			return haven.Refuse("questions.same-answer", "Give another answer than to the other questions"), i
		}
		seen[text], questions[a.Question] = true, true
	}
	if len(answers) != want {
		return haven.Refuse("questions.count", fmt.Sprintf("Answer %d questions", want)), 0
	}
	return haven.Verdict{Allowed: true, Rule: "questions.good"}, 0
}

// MayPublish says whether a text can be the next version of the policy, and hold from then on.
func MayPublish(text string, holds time.Time, p policy.Operator, now time.Time) haven.Verdict {
	switch {
	case !strings.ContainsFunc(text, unicode.IsLetter):
		return haven.Refuse("activation.policy-empty", "Write the rules.")
	case len([]rune(text)) > p.TextRunes:
		return haven.Refuse("activation.policy-long", fmt.Sprintf("Write at most %d characters.", p.TextRunes))
	case strings.ContainsFunc(strings.ReplaceAll(text, "\n", ""), account.NotShown):
		return haven.Refuse("activation.policy-control", "The rules hold characters that can't be shown. Copy them through a plain editor.")
	case holds.Before(now):
		return haven.Refuse("activation.policy-holds", "Let the rules hold from a time that is still to come.")
	case holds.After(now.Add(p.NoticeAhead)):
		return haven.Refuse("activation.policy-holds", fmt.Sprintf("Let the rules hold from at most %d days ahead.", int(p.NoticeAhead.Hours()/24)))
	}
	return haven.Verdict{Allowed: true, Rule: "activation.policy"}
}

// MayFinish says whether an account becomes active: whoever has something left to do is told what.
func MayFinish(p Progress) haven.Verdict {
	if next := p.Next(); next != Done {
		return haven.Refuse("activation."+haven.Rule(next), "Something is left to do before your account is active.")
	}
	return haven.Verdict{Allowed: true, Rule: "activation.done"}
}
