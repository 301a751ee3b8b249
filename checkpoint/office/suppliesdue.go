package office

import (
	"context"

	"passgate/checkpoint/alarm"
)

// SuppliesDue is what deserves an alarm now of supplies, beds, disinfection and
// pharmacies. It also opens the day's rounds of disinfection.
func (o *Office) SuppliesDue(ctx context.Context) ([]alarm.Alarm, error) {
	var all []alarm.Alarm
	for _, due := range []func(context.Context) ([]alarm.Alarm, error){
		o.suppliesDue, o.bedsDue, o.disinfectionsDue, o.purchasesDue,
	} {
		some, err := due(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}
