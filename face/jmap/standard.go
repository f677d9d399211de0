package jmap

import (
	"slices"

	"haven/mail/mailbox"
)

// The standard methods (RFC 8620 §5). A type implements the interfaces of those that it has, and its table of methods calls them:
//
//	"Thread/get": {mail, func(c *call) (any, error) { return c.get(threads{}) }},
//
// What a type has as arguments of its own it reads from c.args before it calls; the standard method then refuses what nobody asked for.

// properties are which properties of an object are wanted.
type properties struct {
	names []string
	set   map[string]bool
}

// Has reports whether a property is wanted.
func (p properties) Has(name string) bool { return p.set[name] }

// Names are all that are wanted, in the client's order.
func (p properties) Names() []string { return p.names }

// stater tells the state of a type in an account (RFC 8620 §5.1).
type stater interface {
	State(c *call, v mailbox.Viewer) (string, error)
}

// getter is a type with a /get method.
type getter interface {
	stater
	// Properties are all that the type has, and those that are given where the client names none.
	Properties() (all, usual []string)
	// All lists every id, where the client names none; an error made by fail("requestTooLarge") where they would be too many for one answer.
	All(c *call, v mailbox.Viewer) (ids []string, err error)
	// Read adds each object that there is, in any order; the rest is notFound. An object that is a record is cut to what is wanted and
	// gets its id; any other is encoded as it is.
	Read(c *call, v mailbox.Viewer, ids []string, want properties, add func(id string, object any)) error
}

// accepter is a getter whose properties are not all in a list, such as "header:subject".
type accepter interface {
	Accepts(property string) bool
}

// changed is what /changes answers (RFC 8620 §5.2).
type changed struct {
	NewState                    string
	More                        bool
	Created, Updated, Destroyed []string
	Extra                       record // members of the type's own, such as updatedProperties
}

// all are the ids that changed, whatever became of them.
func (ch changed) all() []string { return slices.Concat(ch.Destroyed, ch.Created, ch.Updated) }

// changer is a type with a /changes method.
type changer interface {
	// Changes tells what changed after a state, at most so many ids (0: no limit was given). It is errCantCalculate for a state that is not
	// known, or too old.
	Changes(c *call, v mailbox.Viewer, since string, most int) (changed, error)
}

// setter is a type with a /set method.
type setter interface {
	stater
	// Set does what is asked, in the order creates, updates, destroys or in one commit, and calls s once for each with what became of it. What
	// it says nothing of was not done, and is answered with serverFail. An error means that nothing was done.
	Set(c *call, v mailbox.Viewer, s *setting) error
}

// holder is a setter of which the store itself asks for the state, as it makes the first change: what comes between that and Set is seen.
type holder interface {
	Hold(c *call, v mailbox.Viewer, at mailbox.State) *mailbox.Held
}

// setting is what a /set asks (RFC 8620 §5.3), without what is refused already.
type setting struct {
	IfInState string // "" for any: what State said was this when the method began
	Create    []creating
	Update    []updating
	Destroy   []string

	c            *call
	created      record
	updated      record
	destroyed    []string
	notCreated   record
	notUpdated   record
	notDestroyed record
	originals    []original // of a copy
	exact        *[2]string // see Between
	Extra        record     // further members of the answer
}

// singleton is the id of the one object of a type that has no more (RFC 8620 §5.3).
const singleton = "singleton"

// creating is an object to be made, under the client's name for it.
type creating struct {
	CID    string
	Object *object
}

// updating is an object to be changed.
type updating struct {
	ID    string
	Patch patch
}

// copier is a type with a /copy method (RFC 8620 §5.4).
type copier interface {
	stater
	// Copy copies into v what creating names by its member "id", which was there in from; it calls s as Set does.
	Copy(c *call, from, v mailbox.Viewer, s *setting) error
}

// comparator is how a /query sorts (RFC 8620 §5.5).
type comparator struct {
	Property   string
	Descending bool
	Collation  string
	Object     *object // with members of the type's own, such as keyword
}

// filter is a FilterOperator or a condition (RFC 8620 §5.5). Condition is nil for an operator.
type filter struct {
	Op        string // AND, OR, NOT
	Of        []*filter
	Condition *object
}

// asking is what a /query asks. Filter is nil for everything.
type asking struct {
	Filter *filter
	Sort   []comparator
}

// found is what a query finds.
type found struct {
	State     string
	IDs       idList // all, in order
	Calculate bool   // whether QueryChanges can go on from State
	Extra     record // members of the type's own
}

// querier is a type with a /query method.
type querier interface {
	// Query finds all ids that match, in order. A condition is read to its end, by conditionDone, and a
	// comparator by sortDone.
	Query(c *call, v mailbox.Viewer, q asking) (found, error)
}

// delta is what /queryChanges answers, before it is cut to upToId and maxChanges.
type delta struct {
	found
	// Touched are the ids of which anything changed since, gone or here: those that may have left, come, or moved.
	Touched []string
	// Immutable says that what the query filters and sorts by never changes, so that what is behind upToId needs no telling.
	Immutable bool
}

// queryChanger is a type with a /queryChanges method. It makes the list before it asks what changed: what changes between is then taken out, put where the list
// has it, and told again by the next. The other way round the list would hold what nobody was told of.
type queryChanger interface {
	QueryChanges(c *call, v mailbox.Viewer, q asking, since string) (delta, error)
}
