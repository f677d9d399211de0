package portal

import (
	"fmt"
	"net/http"

	"haven"
	"haven/face/portal/page"
	"haven/people/account"
)

func signaturePage(q *request) error {
	a, path, err := q.answering()
	if err != nil {
		return err
	}
	text, err := q.s.o.Signatures.Of(q.ctx(), q.actor(), a.No)
	if err != nil {
		return err
	}
	return q.showSignature(http.StatusOK, a, path, text)
}

// showSignature shows a signature, and how a letter of whoever looks would end with it.
func (q *request) showSignature(code int, a account.Account, path, text string, problems ...page.Problem) error {
	p := q.s.o.Policy.Signature
	v := page.SignatureView{Path: path, Text: text, Hint: fmt.Sprintf("Plain text, at most %d lines and %d characters. Leave it empty to have none.", p.Lines, p.Runes)}
	if a.Kind == haven.Shared {
		v.Mailbox = a.Display
	}
	q.frame.Title, q.frame.Back = "Signature", path
	signed, err := q.s.o.Signatures.Preview(q.ctx(), q.actor(), text)
	if say, ok := sayOf(err); ok {
		code, problems = http.StatusUnprocessableEntity, []page.Problem{{Field: "signature", Say: say}}
	} else if err != nil {
		return err
	}
	q.frame.Errors, v.Looks = problems, signed.Text
	return q.show(code, page.SignaturePage(q.frame, v))
}

// setSignature keeps a signature, or shows how it would look.
func setSignature(q *request) error {
	a, path, err := q.answering()
	if err != nil {
		return err
	}
	text := q.r.PostFormValue("signature")
	if q.value("show") == "yes" {
		return q.showSignature(http.StatusOK, a, path, text)
	}
	err = q.s.o.Signatures.Set(q.ctx(), q.actor(), a.No, text)
	if say, ok := sayOf(err); ok {
		return q.showSignature(http.StatusUnprocessableEntity, a, path, text, page.Problem{Field: "signature", Say: say})
	}
	if err != nil {
		return err
	}
	if text, err = q.s.o.Signatures.Of(q.ctx(), q.actor(), a.No); err != nil {
		return err
	}
	q.frame.Done = "The signature is saved."
	if text == "" {
		q.frame.Done = "Letters end without a signature now."
	}
	return q.showSignature(http.StatusOK, a, path, text)
}
