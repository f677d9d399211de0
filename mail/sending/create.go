package sending

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"haven"
	"haven/mail/delivery"
	"haven/mail/mailbox"
	"haven/mail/mime"
	"haven/platform/errs"
)

// Create has a message sent: at once where its sender waives the moment for calling it back. What delivery would refuse is refused here, as a *Refused.
func (s *Service) Create(ctx context.Context, by By, n New) (Submission, error) {
	now := s.o.Clock.Now()
	env, err := s.envelope(ctx, by, n)
	if err != nil {
		return Submission{}, err
	}
	t, no := timingOf(env.From.Parameters, s.o.Policy, now)
	if no != nil {
		return Submission{}, no
	}
	l := leaving{client: clientOf(by.Viewer.Place), who: by.Who, viewer: by.Viewer, msg: n.Msg, envelope: env}
	if err := s.check(ctx, l); err != nil {
		return Submission{}, err
	}
	keys, err := s.keys(ctx, by.Viewer.Account)
	if err != nil {
		return Submission{}, err
	}
	sub := Submission{Brief: Brief{ID: newID(), Identity: n.Identity, Msg: n.Msg, SendAt: t.SendAt}, Envelope: env, Scheduled: t.Scheduled}
	sealed, err := seal(keys, submissionName(by.Viewer.Account, sub.ID), said{Envelope: env, Place: by.Viewer.Place})
	if err != nil {
		return Submission{}, err
	}
	id, err := s.messageID(ctx, by.Viewer, n.Msg)
	if err != nil {
		return Submission{}, err
	}
	err = s.o.Mail.ChangeByItself(ctx, by.Viewer.Account, func(turn *mailbox.Change) error {
		if err := s.insert(turn, by, &sub, t, sealed); err != nil {
			return err
		}
		return refer(turn.Tx, keys, by.Viewer.Account, sub.ID, id, env)
	})
	if err == nil {
		s.Wake()
	}
	return sub, err
}

// insert writes a submission down.
func (s *Service) insert(t *mailbox.Change, by By, sub *Submission, at timing, sealed []byte) error {
	if err := maySend(t, by.Viewer); err != nil {
		return err
	}
	waiting := 0
	if err := t.Tx.Query(sqlWaiting, []any{int64(by.Viewer.Account)}, countInto(&waiting)); err != nil {
		return err
	}
	if waiting >= s.o.Policy.SubmissionsPer {
		return &Refused{Why: ForbiddenToSend, Say: "As many letters wait to be sent from this mailbox as may. Try again later."}
	}
	thread, inSent, err := t.Find(sub.Msg)
	if errs.Is(err, errs.NotFound) {
		return errNoEmail
	} else if err != nil {
		return err
	}
	flags := flagOf(by.Viewer.ByProgram, flagProgram) | flagOf(inSent, flagInSent) | flagOf(at.Scheduled, flagScheduled)
	if at.Scheduled {
		if err := t.Schedule(sub.Msg); err != nil {
			return err
		}
	}
	sub.Thread, sub.Created = thread, t.Seq()
	sub.Changed = sub.Created
	t.Tx.Exec(sqlInsert, int64(by.Viewer.Account), int64(sub.ID), int64(by.Viewer.Person), int64(sub.Identity), int64(sub.Msg), int64(thread), int64(sub.Created),
		sub.SendAt.UnixMicro(), at.Due.UnixMicro(), flags, int64(by.Who.Only), sealed)
	return nil
}

func flagOf(on bool, flag int64) int64 {
	if on {
		return flag
	}
	return 0
}

// maySend asks in a change whether the viewer may send from the mailbox.
func maySend(t *mailbox.Change, v mailbox.Viewer) error {
	rights, err := t.Admit(v)
	if err != nil {
		return err
	}
	if verdict := MaySend(rights); !verdict.Allowed {
		return &errs.Error{Kind: errs.Denied, Rule: string(verdict.Rule), Say: verdict.Reason}
	}
	return nil
}

var errNoEmail error = &Refused{Why: NoEmail, Say: "There is no such message in this mailbox."}

// envelope is the one that was given, or what the message says (RFC 8621 §7). The identity has to be there.
func (s *Service) envelope(ctx context.Context, by By, n New) (Envelope, error) {
	ident, err := s.identity(ctx, by, n.Identity)
	if err != nil {
		return Envelope{}, err
	}
	if n.Envelope != nil {
		return *n.Envelope, nil
	}
	var out *Envelope
	err = s.o.Mail.Infos(ctx, by.Viewer, []haven.MessageID{n.Msg}, func(_ int, info *mailbox.Info) error {
		out = &Envelope{From: Party{Email: s.senderOf(ctx, by, &info.Meta.Envelope, ident.Email)}}
		for _, list := range [][]mime.Address{info.Meta.Envelope.To, info.Meta.Envelope.Cc, info.Meta.Envelope.Bcc} {
			for _, a := range list {
				out.add(a)
			}
		}
		return nil
	})
	if err == nil && out == nil {
		err = errNoEmail
	}
	if err != nil {
		return Envelope{}, err
	}
	return *out, nil
}

// senderOf is the address in Sender, else the first in From, where it is one that the person may send with; else the identity's.
func (s *Service) senderOf(ctx context.Context, by By, e *mime.Envelope, ident string) string {
	for _, list := range [][]mime.Address{e.Sender, e.From} {
		if len(list) == 0 {
			continue
		}
		a, err := list[0].Haven()
		if err == nil {
			if _, err = s.o.People.MayUse(ctx, by.Who, a); err == nil {
				return a.String()
			}
		}
		break
	}
	return ident
}

// add adds a recipient, once.
func (e *Envelope) add(a mime.Address) {
	if a.Mailbox == "" || a.Host == "" {
		return // a group's mark
	}
	email := a.Spec()
	if h, err := a.Haven(); err == nil {
		email = h.String()
	}
	if !slices.ContainsFunc(e.To, func(p Party) bool { return strings.EqualFold(p.Email, email) }) {
		e.To = append(e.To, Party{Email: email})
	}
}

// leaving is a letter on its way to delivery.
type leaving struct {
	client   delivery.Client
	who      delivery.Submitter
	viewer   mailbox.Viewer
	msg      haven.MessageID
	envelope Envelope
	envID    string // by which servers name it where the envelope does not say it (RFC 3461 §4.4)
	draft    delivery.Draft
}

// check has delivery look at a letter as it would be sent now.
func (s *Service) check(ctx context.Context, l leaving) error {
	l.draft = delivery.Draft{Account: l.viewer.Account, Msg: l.msg}
	sub, err := s.begin(ctx, l)
	if err != nil {
		return refusal(err, ForbiddenMailFrom)
	}
	if refused, err := s.recipients(ctx, sub, l.envelope); err != nil {
		return err
	} else if len(refused) > 0 {
		no := &Refused{Why: BadRecipients}
		for _, p := range l.envelope.To {
			if say, bad := refused[p.Email]; bad {
				no.Recipients, no.Say = append(no.Recipients, p.Email), strings.TrimSpace(no.Say+" "+say)
			}
		}
		return no
	}
	letter, err := s.write(ctx, sub, l)
	if err == nil {
		err = letter.Check()
	}
	if err != nil {
		return s.letterRefusal(err)
	}
	return nil
}

// begin begins a letter at delivery.
func (s *Service) begin(ctx context.Context, l leaving) (*delivery.Submission, error) {
	var e delivery.Envelope
	if l.envelope.From.Email != "" { // the null path is a sender, too
		from, err := haven.ParseAddress(l.envelope.From.Email)
		if err != nil {
			return nil, envelope("The envelope's sender is no address.")
		}
		e.From = from
	}
	if no := senderParameters(l.envelope.From.Parameters, &e); no != nil {
		return nil, no
	}
	e.EnvID = cmp.Or(e.EnvID, l.envID)
	e.UTF8 = e.UTF8 || !e.From.IsASCII()
	for _, p := range l.envelope.To {
		if to, err := haven.ParseAddress(p.Email); err == nil && !to.IsASCII() {
			e.UTF8 = true
		}
	}
	sub, err := s.o.Post.BeginSubmission(ctx, l.client, l.who, e)
	if err == nil {
		sub.Of(l.draft)
	}
	return sub, err
}

// recipients names the recipients to delivery. Those that are refused are told with the reason; an error is for all of them.
func (s *Service) recipients(ctx context.Context, sub *delivery.Submission, e Envelope) (refused map[string]string, err error) {
	if len(e.To) == 0 {
		return nil, &Refused{Why: NoRecipients, Say: "The letter goes to nobody. Write down to whom."}
	}
	refused = map[string]string{}
	for _, p := range e.To {
		n, orcpt, no := recipientParameters(p.Parameters)
		if no != nil {
			return nil, no
		}
		to, err := haven.ParseAddress(p.Email)
		if err != nil {
			refused[p.Email] = err.Error()
			continue
		}
		switch err := sub.Rcpt(ctx, to, n, orcpt); {
		case err == nil:
		case errs.Is(err, errs.TooMany):
			return nil, s.tooMany(err)
		case errs.Is(err, errs.NotFound), errs.Is(err, errs.Denied), errs.Is(err, errs.Invalid), errs.Is(err, errs.OverQuota):
			refused[p.Email] = errs.Say(err)
		default:
			return nil, err
		}
	}
	return refused, nil
}

// tooMany is too many recipients of one letter, or of one day.
func (s *Service) tooMany(err error) error {
	var e *errs.Error
	if errors.As(err, &e) && e.Rule == string(delivery.RuleRecipients) {
		return errors.Join(&Refused{Why: TooManyRecipients, Say: e.Say, Most: int64(s.o.Policy.Recipients)}, err)
	}
	return errors.Join(&Refused{Why: ForbiddenToSend, Say: errs.Say(err)}, err)
}

// write gives delivery the text of the message.
func (s *Service) write(ctx context.Context, sub *delivery.Submission, l leaving) (*delivery.SubmittedLetter, error) {
	body, err := s.o.Mail.Body(ctx, l.viewer, l.msg)
	if errs.Is(err, errs.NotFound) {
		return nil, errors.Join(errNoEmail, err)
	} else if err != nil {
		return nil, err
	}
	defer body.Close()
	letter, err := sub.Open(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(letter, io.NewSectionReader(body, 0, body.Size())); err != nil {
		letter.Abort()
		return nil, err
	}
	return letter, nil
}

// refusal is what delivery refused, in the words of a submission; denied is what a Denied means here.
func refusal(err error, denied Why) error {
	if no := (*Refused)(nil); errors.As(err, &no) {
		return err
	}
	switch errs.KindOf(err) {
	case errs.Denied:
		return &Refused{Why: denied, Say: errs.Say(err)}
	case errs.TooMany, errs.Private:
		return &Refused{Why: ForbiddenToSend, Say: errs.Say(err)}
	}
	return err
}

func (s *Service) letterRefusal(err error) error {
	var e *errs.Error
	if errors.As(err, &e) && e.Rule == string(delivery.RuleAnswered) {
		return &Refused{Why: Answered, Say: e.Say}
	}
	if e == nil || e.Kind != errs.Invalid {
		return refusal(err, ForbiddenFrom)
	}
	switch e.Rule {
	case mailbox.RuleSize:
		return &Refused{Why: TooLarge, Say: e.Say, Most: s.o.Policy.MessageOctets}
	case string(delivery.RuleSendNoFrom):
		return &Refused{Why: BadEmail, Say: e.Say, Properties: []string{"from"}}
	}
	return &Refused{Why: BadEmail, Say: e.Say, Properties: []string{"headers"}}
}
