import { expect, test } from "vitest";
import { drawQr, sharpSide } from "./ui/qr";

const COMPACT =
	"PG1:36042IGC3%+OHJ51$JV1O+%FUQ3B:4KR0PAGMR0/FR O3U6Q-ULV-E6X6+OB:ACTVN41OUPQ5*1B0FFWOT5SGD587EQUOZZA8Q5WFK4NNEFR+T3M1J8$9 -T3$1%XC3ED34SMFCSAPF25:17C0";

test("a pass needs no more than version 6", () => {
	const { side, path } = drawQr(COMPACT);
	expect(side).toBe(41 + 8);
	expect(path.startsWith("M4 4h7v1h-7z")).toBe(true); // the finder, inside its quiet zone
});

test("modules are whole pixels of the screen", () => {
	for (const [room, ratio] of [
		[344, 1],
		[344, 2],
		[352.5, 2.625],
		[360, 3],
	] as const) {
		const side = sharpSide(room, 49, ratio);
		const pixels = (side * ratio) / 49;
		expect(Math.abs(pixels - Math.round(pixels))).toBeLessThan(1e-9);
		expect(side).toBeLessThanOrEqual(room);
		expect(side).toBeGreaterThan(room - 49 / ratio);
	}
});
