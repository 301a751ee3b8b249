package loadtest

import "testing"

// TestSizesHoldWhatTheyAreFor: no core and no machine is planned beyond its share,
// more of anything never needs less, and no shard is without a partition.
func TestSizesHoldWhatTheyAreFor(t *testing.T) {
	t.Parallel()
	for _, d := range Places() {
		s := Size(MeasuredUnit, d)
		if used := s.GatewayCores / float64(s.Gateways*GatewayCores); used > GatewayLoad {
			t.Errorf("%s: gateways are planned with %.0f %% of their cores", d.Name, 100*used)
		}
		if s.Gateways > 1 { // one in three may be gone
			if used := s.GatewayCores / (float64(s.Gateways-s.Gateways/3) * GatewayCores); used > GatewayLoad {
				t.Errorf("%s: without a third, gateways use %.0f %% of their cores", d.Name, 100*used)
			}
		}
		if used := s.RedisCores / float64(s.Shards); used > ShardLoad {
			t.Errorf("%s: a shard is planned with %.2f of its core", d.Name, used)
		}
		if s.ShardMemory > ShardMemory || s.Shards > MaxShards || MaxShards%s.Shards != 0 {
			t.Errorf("%s: %d shards of %.0f bytes", d.Name, s.Shards, s.ShardMemory)
		}
		more := d
		more.Peak, more.People = 2*d.Peak, 2*d.People
		if m := Size(MeasuredUnit, more); m.Gateways < s.Gateways || m.Shards < s.Shards || m.Memory <= s.Memory || m.Wire <= s.Wire {
			t.Errorf("%s: twice the place needs %+v, once %+v", d.Name, m, s)
		}
	}
}
