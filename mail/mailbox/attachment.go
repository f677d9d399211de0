package mailbox

import "haven/mail/mime"

// What the flags column alone says of attachments, so that a list is filtered without opening anything: weighed, that somebody
// looked; attached, that there is one (RFC 8621 §4.1.4 hasAttachment). Placements from before are not weighed.
const (
	weighed    Flags = 1 << 19
	attached   Flags = 1 << 20
	attachment       = weighed | attached
)

// attachmentOf is what the flags column says of a letter.
func attachmentOf(root *mime.Part) Flags {
	if root != nil && root.Bodies().HasAttachment() {
		return attachment
	}
	return weighed
}
