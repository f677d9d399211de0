package mailbox

import (
	"context"

	"haven"
	"haven/mail/mime"
	"haven/platform/secret"
)

// Report says of a message that comes that it reports on a letter which was sent.
type Report struct {
	Msg  haven.MessageID
	Kind mime.ReportKind
	Refs []int64 // of that letter, as LetterRefs gives them: the surest first
}

// LetterRefs name a letter that was sent, under its account's key: by its Message-ID, without angle brackets, and by the ENVID of its envelope. "" names nothing.
func LetterRefs(k *secret.AccountKeys, messageID, envelopeID string) (refs []int64, err error) {
	for _, name := range []struct{ kind, id string }{{"letter.id\x00", messageID}, {"letter.envid\x00", envelopeID}} {
		if name.id == "" {
			continue
		}
		ref, err := refHash(k, name.kind+name.id)
		if err != nil {
			return nil, err
		}
		refs = append(refs, ref)
	}
	return refs, nil
}

// reportOf is what a letter that arrives reports; nil: it is no report, is junk, or can't be read now, which keeps it from nobody.
func (s *Service) reportOf(ctx context.Context, k *secret.AccountKeys, f Filing) *Report {
	m := f.Letter.message
	if s.reported == nil || f.SentBy != 0 || f.Role == Junk || m.Root == nil || !m.Root.Is("multipart/report") {
		return nil
	}
	st := f.Letter.stored
	body, err := s.bodies.Open(st.Loc, st.ID, st.Key)
	if err != nil {
		s.log.WarnContext(ctx, "mailbox: a report could not be read", "error", err)
		return nil
	}
	defer body.Close()
	about, is := mime.ReadAbout(body, m)
	if !is {
		return nil
	}
	refs, err := LetterRefs(k, about.MessageID, about.EnvelopeID)
	if err != nil || len(refs) == 0 {
		return nil
	}
	return &Report{Kind: about.Kind, Refs: refs}
}
