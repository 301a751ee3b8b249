// A visitor's pass in the drawer of their permit; large, and on paper.
import { useState } from "preact/hooks";
import { Button } from "../../desk/ui/parts";
import { QrCode } from "../../desk/ui/qr";
import { t } from "../../shared/i18n";
import { PassDialog } from "./passes";
import type { Pass } from "./types";

export function PermitPass({ pass, name, site }: { pass: Pass; name: string; site: string }) {
	const [large, setLarge] = useState(false);
	return (
		<div class="people-pass">
			<QrCode text={pass.compact} label={t({ zh: "访客通行码", en: "The visitor's pass" })} size={220} />
			<Button onClick={() => setLarge(true)}>{t({ zh: "放大、打印", en: "Larger, or on paper" })}</Button>
			{large && <PassDialog pass={pass} name={name} under={site} onClose={() => setLarge(false)} />}
		</div>
	);
}
