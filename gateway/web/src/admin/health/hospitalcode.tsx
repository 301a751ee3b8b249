// The code by which a hospital gives its result: shown once, to be read out over the
// phone or held before a camera.
import { useEffect, useRef } from "preact/hooks";
import { Button, Card } from "../../desk/ui/parts";
import { QrCode } from "../../desk/ui/qr";
import { when } from "../../desk/ui/register";
import { t } from "../../shared/i18n";

export interface HospitalCode {
	code: string;
	page: string;
	/** "" where the server does not know its own address. */
	url: string;
	expires_at: string;
}

/** "PGF1" and groups of four, as a code is read out. */
export function spelled(code: string): string[] {
	const [head = "", rest = ""] = code.split("-", 2);
	return [head, ...(rest.match(/.{1,4}/g) ?? [])];
}

export function ShowCode({ code, onClose }: { code: HospitalCode; onClose: () => void }) {
	const box = useRef<HTMLDivElement>(null);
	useEffect(() => box.current?.scrollIntoView({ block: "center" }), []);
	const page = `${location.origin}${code.page}`;
	return (
		<Card
			title={t({ zh: "医院回报码（只显示这一次）", en: "The hospital's code (shown this once)" })}
			extra={<Button onClick={onClose}>{t({ zh: "已告知医院，收起", en: "The hospital has it: put it away" })}</Button>}
		>
			<div class="h-hospitalcode" ref={box}>
				<QrCode
					text={code.url || `${page}#${code.code}`}
					label={t({ zh: "医院回报页二维码", en: "QR of the hospital's page" })}
				/>
				<div>
					<p class="h-spelled">
						{spelled(code.code).map((group, i) => (
							<span key={i}>{group}</span>
						))}
					</p>
					<p>
						{t({
							zh: "电话告知：打开下面的网址，输入此码和结果。字母不分大小写，没有数字 0、1、8、9。",
							en: "Over the phone: open this address, type the code and the result. Case does not matter; there is no 0, 1, 8 or 9.",
						})}
					</p>
					<p>
						<b>{page}</b>
					</p>
					<p>
						{t({
							zh: `用一次即失效，有效至 ${when(code.expires_at)}`,
							en: `Works once, until ${when(code.expires_at)}`,
						})}
					</p>
				</div>
			</div>
		</Card>
	);
}
