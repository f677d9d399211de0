package mailbox

import "haven/platform/db"

// Held is a state that somebody acts upon, asked for once more in the transaction that acts (RFC 8620 §5.3, ifInState). Only the first that changes something is held: what it
// makes of the state is the holder's own. Once the state was another, nothing is changed any more. A nil Held holds nothing.
type Held struct {
	is         func(tx *db.Tx, st States) (bool, error)
	kept, lost bool
}

// Hold is a Held that stands as long as is says so, of an account with these states.
func Hold(is func(tx *db.Tx, st States) (bool, error)) *Held { return &Held{is: is} }

// HoldMail is a Held that stands as long as an account's mail is in a state.
func HoldMail(at State) *Held {
	return Hold(func(_ *db.Tx, st States) (bool, error) { return State{st.Mail, st.Epoch} == at, nil })
}

// Ask has the rule RuleStateMismatch where the state of the viewer's account is another. The account is locked.
func (h *Held) Ask(tx *db.Tx, v Viewer) error {
	if h == nil || h.kept {
		return nil
	}
	if !h.lost {
		st, err := states(tx, v)
		if err != nil {
			return err
		}
		is, err := h.is(tx, st)
		if err != nil {
			return err
		}
		h.lost = !is
	}
	if h.lost {
		return errStateMismatch
	}
	return nil
}

// Kept says that a change which asked is durable. The store says it of those that took a number; whatever changes something without one says it itself.
func (h *Held) Kept() {
	if h != nil {
		h.kept = true
	}
}

// Lost reports whether the state was another, so that nothing was changed.
func (h *Held) Lost() bool { return h != nil && h.lost }
