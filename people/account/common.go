package account

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// commonestText is the 10,000 passwords met most often in what was stolen elsewhere, folded as foldPassword folds, in order:
// make commonest wrote it. Its source and licence are in docs/dependencies.md and commonest-licence.txt.
//
//go:embed commonest.txt
var commonestText string

var commonest = sync.OnceValue(func() []string { return strings.Fields(commonestText) })

// isCommonest reports whether a folded password is one of the commonest.
func isCommonest(folded string) bool {
	_, is := slices.BinarySearch(commonest(), folded)
	return is
}

// commonWords are words that passwords are made of before all others: our own list, short, since a password has
// to be made of such words only to be refused and has twelve characters at least.
const commonWords = `
abc abcd abcdef access admin administrator alexander amanda amazon amelia and andrew android angel angels
anthony apple april arsenal asdf asdfgh asdfghjkl ashley august autumn azerty baby babyboy babygirl bailey
banana baseball basketball batman battery birthday black blessed blue britain brother business buster
butterfly camaro celtic change changeme charlie charlotte cheese chelsea chemist chocolate christmas church
clinic code company computer cookie cookies correct correcthorsebatterystaple corvette cricket dad daddy daisy
daniel david december default diamond dispensary dispenser doctor doggy dolphin dragon eagle easter eight
elizabeth email emily england everton facebook faith falcon family father february ferrari five flower flowers
football forever four freedom friday friend friends gandalf george ginger god golden golf google green guest
guitar hannah happy harley harry haven health heaven hello hobbit hockey holiday honda hope horse hospital
hunter husband ilove iloveu iloveyou internet iphone jack jacob james january jennifer jessica jesus john
jordan joshua july june key killer king kitten kitty letmein letmeinnow lightning lion liverpool login london
love lovely loveme lover lucky maggie magic mail mailbox manager manchester march master matrix matthew
medical medicine mercedes merlin metal michael michelle microsoft minecraft molly monday money monkey mother
mum mummy music mustang mypassword ncc newpassword nhs nhsmail nhspharmacy nicole nine ninja nintendo november
number nurse october office oliver olivia one open opensesame openup orange party pass passw0rd passwd
password passwort patient peace pepper pharmacist pharmacy phoenix piano pikachu pin playstation pokemon pony
poppy porsche prescription prince princess puppy purple queen qwerty qwertyuiop qwertz ranger rangers red rich
richard robert rock root rugby samantha samsung samurai saturday scotland secret september seven shadow silver
sister six soccer soldier sophie spiderman spring staple starwars stephanie summer sunday sunshine superman
surgery temp temporary temppassword ten tennis test tester testing the thomas three thunder thursday tiger
tigger today together tomorrow toyota trustno trustnoone tuesday twitter two united user victoria wales
wednesday welcome whatever white wife william windows winter wizard word work xbox yamaha yellow yesterday
yorkshire you youtube zero zxcvbn zxcvbnm
`

var common, longestCommon = commonSet()

func commonSet() (map[string]bool, int) {
	set, longest := map[string]bool{}, 0
	for _, w := range strings.Fields(commonWords) {
		set[w] = true
		longest = max(longest, len(w))
	}
	return set, longest
}
