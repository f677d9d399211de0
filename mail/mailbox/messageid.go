package mailbox

import (
	"context"
	"slices"

	"haven"
	"haven/mail/mime"
	"haven/platform/db"
)

// sameID is how many messages of a thread are looked at for one of a Message-ID.
const sameID = 200

// WithMessageID are the messages in sight whose Message-ID is that one, without angle brackets. A thread with very many messages is not looked through whole.
func (s *Service) WithMessageID(ctx context.Context, v Viewer, id string) (found []haven.MessageID, err error) {
	refs, err := s.RefsOf(ctx, v.Account, []string{"<" + id + ">"})
	if err != nil || len(refs) == 0 {
		return nil, err
	}
	var all, same []haven.MessageID
	err = s.read(ctx, v, func(tx *db.Tx) error {
		all = nil
		thread, err := ThreadOfRefs(tx, v.Account, refs)
		if err != nil || thread == 0 {
			return err
		}
		all, err = threadMessages(tx, v.Account, thread, sameID)
		return err
	})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	err = s.Infos(ctx, v, all, func(_ int, info *Info) error {
		if slices.Equal(mime.MessageIDs(info.Meta.Envelope.MessageID), []string{id}) {
			same = append(same, info.Msg)
		}
		return nil
	})
	if err != nil || len(same) == 0 {
		return nil, err
	}
	err = s.read(ctx, v, func(tx *db.Tx) error {
		found = nil
		for _, msg := range same {
			places, err := placesOf(tx, v.Account, msg)
			if err != nil {
				return err
			}
			if len(inSight(places)) > 0 {
				found = append(found, msg)
			}
		}
		return nil
	})
	return found, err
}
