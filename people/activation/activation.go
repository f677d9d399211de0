// Package activation is the first log in: what a person accepts, chooses and answers before an account sends or reads anything (Rules 5).
package activation

import "time"

// Step is one thing to do, in this order.
type Step string

const (
	Policy    Step = "policy"    // accept the acceptable-use policy
	Password  Step = "password"  // choose a password in place of the temporary one
	Questions Step = "questions" // set the security questions
	Directory Step = "directory" // say whether the directory shows the mobile
	Done      Step = ""          // nothing is left
)

// Steps are all of them, in order.
var Steps = []Step{Policy, Password, Questions, Directory}

// Progress is what of it is done.
type Progress struct {
	Accepted  int  // version of the policy that was accepted; 0: none
	Current   int  // version of the policy that holds
	Password  bool // the person chose it
	Questions bool
	Directory bool
	Due       time.Time // from when on a new version holds that was not accepted yet; zero: nothing is due
}

// Has reports whether a step is done.
func (p Progress) Has(s Step) bool {
	switch s {
	case Policy:
		return p.Accepted >= p.Current
	case Password:
		return p.Password
	case Questions:
		return p.Questions
	case Directory:
		return p.Directory
	}
	return true
}

// Next is the first step that is not done.
func (p Progress) Next() Step {
	for _, s := range Steps {
		if !p.Has(s) {
			return s
		}
	}
	return Done
}

// Question is one of those that a person may choose.
type Question struct {
	ID   int // never used for another one
	Text string
}

// QuestionList is what a person chooses from. They ask for what few others know and what does not change.
var QuestionList = []Question{
	{1, "What was the name of your first pet?"},
	{2, "What was the first street that you lived in?"},
	{3, "What was the name of your first teacher?"},
	{4, "In which town did your parents meet?"},
	{5, "What was the make and colour of your first bicycle or car?"},
	{6, "What was the first film that you saw in a cinema?"},
	{7, "What is the middle name of your oldest cousin?"},
	{8, "What did you want to become as a child?"},
	{9, "What was the first dish that you learned to cook?"},
	{10, "Where did you spend your first holiday that you remember?"},
}

// QuestionText is a question's words; "" of one that there is not.
func QuestionText(id int) string {
	for _, q := range QuestionList {
		if q.ID == id {
			return q.Text
		}
	}
	return ""
}

// Answer is a person's answer to a question.
type Answer struct {
	Question int
	Text     string
}

// UsePolicy is a version of the acceptable-use policy.
type UsePolicy struct {
	Version int
	Since   time.Time // when it was published
	Holds   time.Time // from when on nobody goes on without having accepted it; zero: the first version
	Text    string    // a line of it with # in front is a heading; an empty line divides paragraphs
}

// FirstPolicy is version 1, until an operator publishes another.
const FirstPolicy = `# Your account is yours alone
Nobody else uses it, not even for a moment. You never give your password to anybody. We never ask for it.

# Patients' details
Send them only to people who need them for a patient's care, and only what they need. Use the premises' mailbox for the premises' work: your colleagues see it when you are away.

# Computers that others use
Say so when you log in, and log out when you leave.

# What is recorded
We record who logged in, when and from where, and what is changed about accounts and mailboxes. Nobody at the helpdesk reads your mail.

# If something goes wrong
Tell the helpdesk at once if a phone or computer is lost, or if you sent something to the wrong person.`
