package adminapi

import (
	"time"

	"haven"
	"haven/people/registration"
	"haven/platform/errs"
)

type taskOut struct {
	Kind         string    `json:"kind" doc:"not-us, not-me, owner, further or approval"`
	Reference    string    `json:"reference"`
	Person       int       `json:"person" doc:"number of the person in the application"`
	Organisation string    `json:"organisation" doc:"code"`
	At           time.Time `json:"at"`
}

func listTasks(q *request) (any, error) {
	n, err := q.limit()
	if err != nil {
		return nil, err
	}
	all, err := q.s.o.Registration.Tasks(q.r.Context(), n)
	if err != nil {
		return nil, err
	}
	out := list[taskOut]{Items: []taskOut{}}
	for _, t := range all {
		o, err := q.s.o.Places.ByID(q.r.Context(), t.Premises)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, taskOut{t.Kind.String(), string(t.Ref), t.Place, string(o.Code), t.At})
	}
	return out, nil
}

// decideOut is what has to be known to decide about a reference.
type decideOut struct {
	Kind         string        `json:"kind" doc:"further or approval"`
	Organisation string        `json:"organisation" doc:"code"`
	Who          string        `json:"who" doc:"name of the person who would get an account, or who applies"`
	Email        string        `json:"email" doc:"that person's own"`
	Mobile       string        `json:"mobile,omitempty" doc:"kind further"`
	By           string        `json:"by,omitempty" doc:"kind further: name of the owner who asks"`
	Reason       string        `json:"reason"`
	Telephone    string        `json:"telephone,omitempty" doc:"kind approval: of the premises, in the national list; call no other"`
	Number       string        `json:"number,omitempty" doc:"kind approval: GPhC number that was given"`
	Registered   string        `json:"registered,omitempty" doc:"kind approval: GPhC number that is registered"`
	Approvals    []approvalOut `json:"approvals,omitempty" doc:"kind approval: those that were given"`
}

type approvalOut struct {
	For string    `json:"for" doc:"head-office, local-team or desk"`
	By  string    `json:"by" doc:"address of the operator"`
	At  time.Time `json:"at"`
}

func getTask(q *request) (any, error) {
	ref := registration.Ref(q.r.PathValue("reference"))
	a, err := q.s.o.Registration.ApprovalOf(q.r.Context(), ref)
	if errs.Is(err, errs.NotFound) {
		w, err := q.s.o.Registration.WantedBy(q.r.Context(), ref)
		return decideOut{Kind: registration.TaskFurther.String(), Organisation: string(w.Premises.Code), Who: w.Person.Name(), Email: w.Person.Email, Mobile: w.Person.Mobile, By: w.By, Reason: w.Reason}, err
	}
	out := decideOut{Kind: registration.TaskApproval.String(), Organisation: string(a.Premises.Code), Who: a.Name, Email: a.Email, Reason: a.Why, Telephone: a.Telephone, Number: a.Number, Registered: a.Registered}
	for _, g := range a.Given {
		out.Approvals = append(out.Approvals, approvalOut{g.Side.String(), g.By.Address.String(), g.At})
	}
	return out, err
}

type approveIn struct {
	Reference string `json:"reference"`
	For       string `json:"for" doc:"head-office, local-team or desk"`
	By        string `json:"by" doc:"address of the operator on whose word; the two have to differ"`
}

type approveOut struct {
	Done bool `json:"done" doc:"both approvals are there, and a passcode is on its way to whoever applied"`
}

// errApproveByToken: a token is one secret, and two people approve.
var errApproveByToken = &errs.Error{Kind: errs.Denied, Rule: "registration.approve-token", Say: "A token approves nothing: two people do. They do so on the pages, or on the machine itself by haven admin registration approve."}

func approveTask(q *request) (any, error) {
	if q.token {
		return nil, errApproveByToken
	}
	in, err := body[approveIn](q)
	if err != nil {
		return nil, err
	}
	address, err := haven.ParseAddress(in.By)
	if err != nil {
		return nil, errs.E(errs.Invalid, "Say in by on whose word: the address of an operator.")
	}
	who, err := q.s.o.Accounts.Resolve(q.r.Context(), address)
	if err != nil {
		return nil, err
	}
	actor := q.actor
	actor.Person = who.ID
	if err := q.s.o.Operators.Check(q.r.Context(), actor); err != nil {
		return nil, err
	}
	done, err := q.s.o.Registration.Approve(q.r.Context(), actor, registration.Ref(in.Reference), registration.ParseSide(in.For))
	return approveOut{done}, err
}

type settleIn struct {
	Kind      string `json:"kind" doc:"not-me, owner, further or approval"`
	Reference string `json:"reference"`
	Person    int    `json:"person" doc:"number of the person in the application"`
	Grant     bool   `json:"grant,omitempty" doc:"kind further: make the account"`
	Refuse    string `json:"refuse,omitempty" doc:"kinds further and approval: why not; whoever asks reads it"`
	Another   bool   `json:"another,omitempty" doc:"it is another person than the account that was found: make an account, and tell the person"`
}

type settleOut struct {
	Made *accountOut `json:"made,omitempty"`
}

func settleTask(q *request) (any, error) {
	in, err := body[settleIn](q)
	if err != nil {
		return nil, err
	}
	ref := registration.Ref(in.Reference)
	if in.Another {
		a, err := q.s.o.Registration.Another(q.r.Context(), q.actor, ref, in.Person)
		if err != nil {
			return nil, err
		}
		made := outAccount(a)
		return settleOut{&made}, nil
	}
	if in.Kind == registration.TaskFurther.String() {
		if in.Grant == (in.Refuse != "") {
			return nil, errs.E(errs.Invalid, "Say grant, or refuse with a reason.")
		}
		if in.Grant {
			return settleOut{}, q.s.o.Registration.Grant(q.r.Context(), q.actor, ref)
		}
		return settleOut{}, q.s.o.Registration.Refuse(q.r.Context(), q.actor, ref, in.Refuse)
	}
	if in.Kind == registration.TaskApproval.String() {
		return settleOut{}, q.s.o.Registration.RefuseApproval(q.r.Context(), q.actor, ref, in.Refuse)
	}
	if kind := registration.ParseTaskKind(in.Kind); kind != 0 {
		return settleOut{}, q.s.o.Registration.Settle(q.r.Context(), q.actor, kind, ref, in.Person)
	}
	return nil, errs.E(errs.Invalid, "%q is no kind of task; use not-me, owner, further or approval.", in.Kind)
}

func thaw(q *request) (any, error) {
	o, err := q.organisation(q.r.PathValue("code"))
	if err == nil {
		err = q.s.o.Registration.Thaw(q.r.Context(), q.actor, o.ID)
	}
	return nil, err
}
