//! Calls of functions: which one, with how many arguments, of which types.

use super::{Compiled, Compiler, Needs, boolify};
use crate::{
    Pattern, PatternLimits,
    xpath::{
        XPathErrorKind,
        error::Fault,
        functions::{Context, Function, SIGNATURES, Signature, find},
        nearest,
        parser::{Name, Part},
        plan::{Call, Expr, Path, Start, Type},
    },
};

/// All regular expressions that stand in one expression together take no more bytes, about.
const MAX_PATTERN_BYTES: usize = 32 << 20;
/// The sizes that are tried before the largest that is allowed.
const SIZES: [usize; 2] = [64 << 10, 256 << 10];

/// Functions of XPath 2.0 and XSLT that people try, and what to write instead.
const ELSEWHERE: [(&str, &str); 12] = [
    ("ends-with", "XPath 1.0 has no `ends-with`; write `re:test(…, 'end$')`"),
    ("matches", "XPath 1.0 has no `matches`; write `re:test(…)`"),
    ("replace", "XPath 1.0 has no `replace`; write `re:replace(…)` or `str:replace(…)`"),
    ("lower-case", "XPath 1.0 has no `lower-case`; write `translate(…, 'ABC…', 'abc…')`"),
    ("upper-case", "XPath 1.0 has no `upper-case`; write `translate(…, 'abc…', 'ABC…')`"),
    ("string-join", "XPath 1.0 has no `string-join`; write `str:concat(…)`"),
    ("tokenize", "XPath 1.0 has no `tokenize`; write `str:tokenize(…)`"),
    ("exists", "XPath 1.0 has no `exists`; write `boolean(…)`"),
    ("empty", "XPath 1.0 has no `empty`; write `not(…)`"),
    ("distinct-values", "XPath 1.0 has no `distinct-values`; write `set:distinct(…)`"),
    ("current", "`current` belongs to XSLT"),
    ("document", "`document` belongs to XSLT"),
];

impl Compiler<'_> {
    pub(super) fn call(&mut self, name: &Name, arguments: &[Part], at: usize) -> Result<Compiled, Fault> {
        let signature = self.signature(name, at)?;
        check_count(signature, name, arguments.len(), at)?;
        let mut parts = Vec::with_capacity(arguments.len());
        for (position, argument) in arguments.iter().enumerate() {
            let part = self.expression(argument)?;
            if signature.nodes.contains(&position) {
                check_nodes(
                    &part.expr,
                    argument.at,
                    &format!("argument {} of `{}`", position + 1, name.local),
                )?;
            }
            parts.push(part);
        }
        let needs = match signature.context {
            Context::Always => Needs::NODE,
            Context::WithoutArguments if parts.is_empty() => {
                parts.push(self_node());
                Needs::default()
            }
            _ => Needs::default(),
        };
        if needs.any() && parts.iter().all(|part| !part.needs.any()) && self.depth > 0 {
            let exprs = parts.into_iter().map(|part| self.once(part)).collect();
            return Ok(Compiled { expr: self.finish(signature, exprs, at)?, needs });
        }
        let (exprs, inner) = self.together(parts);
        let mut needs = needs.or(inner);
        needs.position |= signature.function == Function::Position;
        needs.last |= signature.function == Function::Last;
        Ok(Compiled { expr: self.finish(signature, exprs, at)?, needs })
    }

    fn signature(&self, name: &Name, at: usize) -> Result<&'static Signature, Fault> {
        let namespace = if name.prefix.is_empty() { "".into() } else { self.namespace(&name.prefix, at)? };
        if let Some(signature) = find(&namespace, &name.local) {
            return Ok(signature);
        }
        let full = match &*name.prefix {
            "" => name.local.to_string(),
            prefix => format!("{prefix}:{}", name.local),
        };
        let fault = Fault::new(XPathErrorKind::UnknownFunction, at, format!("unknown function `{full}`"));
        if let Some((_, hint)) = ELSEWHERE.iter().find(|(known, _)| *known == full) {
            return Err(fault.hint(*hint));
        }
        let names = SIGNATURES.iter().filter(|signature| signature.namespace == &*namespace);
        Err(match nearest(&name.local, names.map(|signature| signature.name)) {
            Some(near) if name.prefix.is_empty() => fault.hint(format!("did you mean `{near}`?")),
            Some(near) => fault.hint(format!("did you mean `{}:{near}`?", name.prefix)),
            None => fault,
        })
    }

    fn finish(
        &mut self,
        signature: &'static Signature,
        mut exprs: Vec<Expr>,
        at: usize,
    ) -> Result<Expr, Fault> {
        let first = if exprs.is_empty() { None } else { Some(exprs.remove(0)) };
        Ok(match (signature.function, first) {
            (Function::Position, _) => Expr::Position,
            (Function::Last, _) => Expr::Last,
            (Function::True, _) => Expr::Boolean(true),
            (Function::False, _) => Expr::Boolean(false),
            (Function::Not, Some(inner)) => Expr::Not(Box::new(boolify(inner))),
            (Function::Boolean, Some(inner)) => boolify(inner),
            (Function::Number, Some(inner)) if inner.type_of() == Type::Number => inner,
            (Function::String, Some(inner)) if inner.type_of() == Type::Text => inner,
            (function, first) => {
                exprs.splice(0..0, first);
                if let Some(short) = self.shape(function, &mut exprs)? {
                    return Ok(short);
                }
                let regex = self.constant_regex(function, &exprs, at)?;
                Expr::Call(Box::new(Call { function, arguments: exprs, result: signature.result, at, regex }))
            }
        })
    }

    /// The regular expression of a call whose pattern and flags stand in the text; equal ones are made once.
    fn constant_regex(
        &mut self,
        function: Function,
        exprs: &[Expr],
        at: usize,
    ) -> Result<Option<Pattern>, Fault> {
        let flags = match (function, exprs) {
            (Function::RegexTest, [_, _]) => "",
            (Function::RegexTest | Function::RegexReplace, [_, _, Expr::Text(flags), ..]) => flags,
            _ => return Ok(None),
        };
        let [_, Expr::Text(pattern), ..] = exprs else { return Ok(None) };
        let key = (pattern.clone(), flags.contains('i'));
        if let Some(known) = self.patterns.get(&key) {
            return Ok(Some(known.clone()));
        }
        // How large one is cannot be asked, but whether it fits.
        let made = SIZES.iter().find_map(|&size| {
            Some((size, regex_within(pattern, flags, at, &PatternLimits::with_size(size)).ok()?))
        });
        let (size, made) = match made {
            Some(made) => made,
            None => (PatternLimits::SIZE, regex(pattern, flags, at)?),
        };
        self.pattern_bytes += size;
        if self.pattern_bytes > MAX_PATTERN_BYTES {
            let message = "the regular expressions in one expression take too much memory together";
            let fault = Fault::new(XPathErrorKind::RegularExpression, at, message);
            return Err(fault.hint("join several patterns with `|`, or evaluate several expressions"));
        }
        self.patterns.insert(key, made.clone());
        Ok(Some(made))
    }
}

/// The context node, as an argument that was left out.
fn self_node() -> Compiled {
    Compiled {
        expr: Expr::Path(Box::new(Path { start: Start::Context, steps: Vec::new() })),
        needs: Needs::NODE,
    }
}

fn check_count(signature: &Signature, name: &Name, given: usize, at: usize) -> Result<(), Fault> {
    let Signature { min, max, .. } = *signature;
    if (min..=max).contains(&given) {
        return Ok(());
    }
    let wanted = match (min, max) {
        (0, 0) => "no arguments".to_owned(),
        (1, 1) => "1 argument".to_owned(),
        (min, usize::MAX) => format!("{min} or more arguments"),
        (min, max) if min == max => format!("{min} arguments"),
        (min, max) => format!("{min} to {max} arguments"),
    };
    let message = format!("`{}` takes {wanted}, not {given}", name.local);
    Err(Fault::new(XPathErrorKind::WrongArity, at, message))
}

/// An error when this cannot be a node-set.
pub(super) fn check_nodes(expr: &Expr, at: usize, what: &str) -> Result<(), Fault> {
    let is = match expr.type_of() {
        Type::Nodes | Type::Unknown => return Ok(()),
        Type::Number => "a number",
        Type::Text => "a string",
        Type::Boolean => "a boolean",
    };
    Err(Fault::new(XPathErrorKind::Type, at, format!("{what} must be a node-set, and this is {is}")))
}

/// A user's regular expression. The flag `i` ignores case; `g` is for the caller.
pub(in crate::xpath) fn regex(pattern: &str, flags: &str, at: usize) -> Result<Pattern, Fault> {
    regex_within(pattern, flags, at, &PatternLimits::default())
}

fn regex_within(pattern: &str, flags: &str, at: usize, limits: &PatternLimits) -> Result<Pattern, Fault> {
    let source = if flags.contains('i') { format!("(?i){pattern}") } else { pattern.to_owned() };
    Pattern::compile(&source, limits).map_err(|error| {
        let message = format!("the regular expression `{pattern}` cannot be used: {}", error.message);
        Fault::new(XPathErrorKind::RegularExpression, at, message)
    })
}
