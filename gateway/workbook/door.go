package workbook

import (
	"regexp"
	"strings"
)

// Ways to write a door of a block of flats, which all mean 3-2-501.
var (
	unitDoor  = regexp.MustCompile(`^(\d+)(?:号楼|栋|幢|#楼?|楼)-?(\d+)(?:单元|门)-?(\d+)[室号]?$`)
	blockDoor = regexp.MustCompile(`^(\d+)(?:号楼|栋|幢|#楼?)-?(\d+)[室号]?$`)
)

// doorOf brings the ways to write a door to one, since who shares a door is a
// household: from its parts where there are columns for them, else from the door
// (whole), or what stands in the column of the room alone.
func doorOf(building, unit, room, whole string) string {
	bare := func(text string, ends ...string) string {
		text = strings.Join(strings.Fields(narrow(unquoted(text))), "")
		for _, end := range ends {
			if short, cut := strings.CutSuffix(text, end); cut && short != "" {
				return short
			}
		}
		return text
	}
	building, unit = bare(building, "号楼", "栋", "幢", "#楼", "#", "号", "楼"), bare(unit, "单元", "门")
	if building != "" || unit != "" {
		room = bare(room, "室", "号", "房")
		if strings.ContainsAny(room, "-栋楼幢") { // it says all of it
			return flat(room)
		}
		var parts []string
		for _, part := range []string{building, unit, room} {
			if part != "" {
				parts = append(parts, part)
			}
		}
		if room != "" {
			return strings.Join(parts, "-")
		}
		// A house number alone, or parts of a door that nobody could find.
		if whole = bare(whole); whole == "" {
			return strings.Join(parts, "-")
		}
		return flat(whole)
	}
	if whole == "" {
		whole = room
	}
	return flat(bare(whole))
}

func flat(door string) string {
	for _, form := range []*regexp.Regexp{unitDoor, blockDoor} {
		if part := form.FindStringSubmatch(door); part != nil {
			return strings.Join(part[1:], "-")
		}
	}
	return door
}
