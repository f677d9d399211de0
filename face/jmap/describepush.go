package jmap

// pushDescription is what is told of push subscriptions (RFC 8620 §7.2, RFC 9749), which are of the core.
var pushDescription = description{
	urn:   vapidURN,
	table: pushMethods,
	types: []DataType{
		{Name: "PushSubscription", Says: "Where a device is woken when something changes (RFC 8620 §7.2).", Shape: pushShape, OfPerson: true, reads: pushSubscriptions{}},
	},
	structs: []Struct{
		{Name: "PushKeys", Says: "By which what is pushed is encrypted (RFC 8291).", Shape: Shape{{"p256dh", "string", Required, ""}, {"auth", "string", Required, ""}}},
		{Name: "VAPIDCapability", Says: "What urn:ietf:params:jmap:webpush-vapid says (RFC 9749 §3).", Shape: Shape{{"applicationServerKey", "string", 0, "in base64url"}}},
	},
	session: "VAPIDCapability",
}
