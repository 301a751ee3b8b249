package town

import (
	"fmt"
	"time"
)

// areaPrefix begins the area code of every made-up ID number, 990000 to 990999.
// An area code begins with a province, and no province has 99 (GB/T 2260 ends
// at 82); in a foreigner's permanent residence number, which begins with 9 too,
// the province follows in the second and third place, where these have 90.
const areaPrefix = 990

// phonePrefix begins every made-up telephone number. It has the form of a
// mobile number, but 154 was never handed to an operator: published number
// plans and the usual patterns (libphonenumber's too) leave it out. A trial
// sends no messages; should 154 ever be assigned, change it here.
const phonePrefix = 154

// census is the day on which everybody's age is counted.
var census = time.Date(2020, time.February, 3, 0, 0, 0, 0, time.UTC)

// maxAge is the age of the oldest resident in years.
const maxAge = 100

// register hands out ID numbers as the real one does: by birthday, one order
// code after the other, odd for men and even for women. It never repeats one
// and its size does not grow with the population.
type register struct {
	used [(maxAge + 2) * 366][2]int32 // by days before the census and sex
}

// orderCodes is how many order codes one sex has in one area and day: men 001
// to 997, women 002 to 998.
const orderCodes = 499

// idNumber gives the next 18-digit number (GB 11643) for someone born so many
// days before the census. A thousand areas hold 499,000 people of one sex and
// one birthday, far more than a population of ten million has.
func (r *register) idNumber(daysBefore int, male bool) string {
	sex := 0
	if male {
		sex = 1
	}
	rank := int(r.used[daysBefore][sex])
	r.used[daysBefore][sex]++
	born := census.AddDate(0, 0, -daysBefore)
	year, month, day := born.Date()
	var digits [18]byte
	putDecimal(digits[0:6], areaPrefix*1000+rank/orderCodes%1000)
	putDecimal(digits[6:14], year*10000+int(month)*100+day)
	putDecimal(digits[14:17], rank%orderCodes*2+2-sex)
	digits[17] = checkDigit(digits[:17])
	return string(digits[:])
}

// checkDigit is ISO 7064 MOD 11-2 in its recursive form.
func checkDigit(digits []byte) byte {
	sum := 0
	for _, c := range digits {
		sum = (sum + int(c-'0')) * 2 % 11
	}
	return "0123456789X"[(12-sum)%11]
}

func putDecimal(to []byte, v int) {
	for i := len(to) - 1; i >= 0; i-- {
		to[i] = byte('0' + v%10)
		v /= 10
	}
}

// phone gives the telephone number of one resident. The multiplier shares no
// factor with 10^8, so no two of the first hundred million are the same.
func phone(resident int) string {
	return fmt.Sprintf("%d%08d", phonePrefix, uint64(resident)*61_803_401%100_000_000)
}
