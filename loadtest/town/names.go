package town

import "strings"

// surnames are the common ones of northern Shandong, the commoner the more
// often they stand here, and a few that software tends to stumble over: two
// characters, outside the basic plane, from an extension block.
var surnames = weigh([]entry{
	{"王", 100},
	{"张", 95},
	{"李", 90},
	{"刘", 75},
	{"陈", 35},
	{"孙", 34},
	{"赵", 33},
	{"杨", 28},
	{"徐", 22},
	{"马", 18},
	{"周", 17},
	{"高", 17},
	{"朱", 16},
	{"郭", 14},
	{"于", 14},
	{"宋", 13},
	{"胡", 12},
	{"吴", 12},
	{"郑", 11},
	{"田", 10},
	{"韩", 10},
	{"崔", 9},
	{"董", 8},
	{"苏", 7},
	{"潘", 6},
	{"范", 6},
	{"蒋", 5},
	{"路", 5},
	{"薛", 5},
	{"贾", 5},
	{"单", 4},
	{"姬", 3},
	{"楚", 3},
	{"卞", 2},
	{"相", 2},
	{"欧阳", 2},
	{"司马", 1},
	{"𠮷", 1},
	{"㛃", 1},
})

var (
	maleCharacters   = []rune("伟强磊军勇杰涛超明刚平辉鹏斌波宇浩凯健峰建国志文海龙林庆玉新德福春树长兴家宝昊轩子泽博𬭎")
	femaleCharacters = []rune("芳娜敏静丽艳娟秀英霞玲桂兰红梅燕萍洁颖琳雪慧莹倩婷玉春凤荣美欣怡子涵梓萱诗雨佳可㛃")
)

// minorityNames have a middle dot and no surname of the household.
var (
	minorityMale   = []string{"买买提·艾力", "阿卜杜拉·吐尔逊", "艾尔肯·依明"}
	minorityFemale = []string{"阿依古丽·买买提", "古丽娜尔·艾合买提", "热依汗·吐尔逊"}
)

// minorityShare is the part of the households whose names have a middle dot:
// rare in Shandong, so just enough to meet one in any trial of a thousand.
const minorityShare = 0.004

// entry is a word and how often it comes up relative to the others.
type entry struct {
	word   string
	weight int
}

// weigh repeats every word by its weight, so that a draw is one index.
func weigh(entries []entry) []string {
	var words []string
	for _, e := range entries {
		for range e.weight {
			words = append(words, e.word)
		}
	}
	return words
}

func (d *dice) surname() string { return surnames[d.below(len(surnames))] }

// givenName has two characters four times in five, else one.
func (d *dice) givenName(male bool) string {
	characters := femaleCharacters
	if male {
		characters = maleCharacters
	}
	var b strings.Builder
	b.WriteRune(characters[d.below(len(characters))])
	if d.chance(0.8) {
		b.WriteRune(characters[d.below(len(characters))])
	}
	return b.String()
}

func (d *dice) minorityName(male bool) string {
	if male {
		return minorityMale[d.below(len(minorityMale))]
	}
	return minorityFemale[d.below(len(minorityFemale))]
}
