// Somebody without a code whom nobody finds is written down: a name will do.
import { useState } from "preact/hooks";
import { t } from "../../shared/i18n";
import { useModel } from "./model";
import { Field, Key, Sheet } from "./parts";

export function WalkInScreen() {
	const model = useModel();
	const [name, setName] = useState("");
	const [tail, setTail] = useState("");
	const [phone, setPhone] = useState("");
	const called = name.trim();
	const ready = called !== "" && (tail === "" || /^[\dA-Z]{4}$/.test(tail)) && (phone === "" || goodPhone(phone));
	const go = () => model.choose({ subject: { walk_in: { name: called, id_tail: tail, phone } }, word: called });
	return (
		<Sheet title={{ zh: "手写登记", en: "Write somebody down" }}>
			<form
				class="form"
				onSubmit={(e) => {
					e.preventDefault();
					if (ready) {
						go();
					}
				}}
			>
				<Field name="name" focus label={{ zh: "姓名", en: "Name" }} value={name} max={20} onInput={setName} />
				<Field
					name="tail"
					label={{ zh: "证件后四位", en: "Last four of the document" }}
					optional
					value={tail}
					max={4}
					onInput={(v) => setTail(v.toUpperCase())}
				/>
				<Field
					name="phone"
					mode="tel"
					label={{ zh: "手机号", en: "Mobile number" }}
					optional
					hint={
						phone !== "" && !goodPhone(phone)
							? { zh: "应为 11 位手机号", en: "11 digits of a mobile number" }
							: undefined
					}
					value={phone}
					max={11}
					onInput={(v) => setPhone(v.replace(/\D/g, ""))}
				/>
				<button type="submit" class="key main go" disabled={!ready}>
					<span>
						{model.needs(model.lane.value.direction)
							? t({ zh: "下一步：测体温", en: "Next: temperature" })
							: t({ zh: "登记", en: "Register" })}
					</span>
				</button>
			</form>
			{model.state.value.gate?.residential && (
				<Key icon="visitor" onPress={() => model.screens.swap("visitor")}>
					{t({ zh: "是来访？登记来访许可", en: "A visitor? Register a visit" })}
				</Key>
			)}
		</Sheet>
	);
}

/** A mainland mobile number. */
export function goodPhone(phone: string): boolean {
	return /^1[3-9]\d{9}$/.test(phone);
}
