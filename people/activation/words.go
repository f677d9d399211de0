package activation

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"

	"haven/people/account"
	"haven/platform/policy"
)

// words are some 250 that are short, known, spelled as they sound, and not taken for each other over a telephone.
var words = strings.Fields(`
acorn amber anchor apple april arrow aspen attic autumn badge bagel bamboo banner barley basin basket beacon beetle bench berry
birch bishop blanket blossom bonnet border bottle bramble branch bread breeze brick bridge bronze brook bucket buckle button cabin
cactus camel candle canvas canyon carpet carrot castle cedar cellar chapel cherry chimney cider cinder circle clover cobble cocoa
comet copper coral cotton cradle crater cricket crystal cushion daisy dancer desert diamond dinner dolphin domino donkey dragon
drummer eagle easel ember engine falcon feather fence ferry fiddle finger flannel flint flute forest fossil fountain galaxy garden
garlic garnet gentle ginger glacier glove goblet granite gravel guitar hammer hamper harbour harvest hazel heather hedge helmet
heron hollow honey hornet island ivory jacket jasmine jelly jersey jungle kettle kitten ladder lagoon lantern lemon lentil
lilac linen lizard lobster locket lotus magnet mango maple marble market meadow melon merry mitten monsoon mosaic motor muffin
museum mustard napkin needle nettle nickel noodle nutmeg oasis ocean olive onion orange orchard otter oyster paddle palace
panda paper parrot pastry pebble pencil penguin pepper picnic pillow pirate planet plum pocket pollen pony poplar potter prairie
pretzel puffin pumpkin puzzle quartz quilt rabbit radish raven ribbon river robin rocket rosemary saddle saffron salmon sandal
satchel scarlet seagull shadow silver sketch snowball spanner sparrow spiral spring squirrel stable summer sunset teapot temple
thistle thunder ticket tiger timber toast tomato trumpet tulip tunnel turnip turtle umbrella valley vanilla velvet village violet
violin walnut walrus willow window winter wizard yellow yonder zebra zipper
`)

// TemporaryPassword is three words and two digits (Rules 5): about 30 random bits, which are enough for what locks after some tries and
// lapses after some days. It keeps the rules that hold for any password.
func TemporaryPassword(p policy.Password) (string, error) {
	for {
		pw, err := threeWords()
		if err != nil || account.CheckPassword(pw, account.PasswordFacts{}, p).Allowed {
			return pw, err
		}
	}
}

func threeWords() (string, error) {
	var part []string
	for range 3 {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(words))))
		if err != nil {
			return "", err
		}
		part = append(part, words[n.Int64()])
	}
	n, err := rand.Int(rand.Reader, big.NewInt(100))
	return fmt.Sprintf("%s-%02d", strings.Join(part, "-"), n), err
}
