//! What an output that is taken up again says of the bytes it cut.

use super::*;

#[test]
fn what_is_cut_when_an_output_is_taken_up_again_is_told() {
    let stands: [Box<dyn Stand>; 2] = [
        FileStand::stand("out.jsonl", SinkOptions { select: everything(), ..SinkOptions::default() }),
        Box::new(PartsStand(tempfile::tempdir().unwrap())),
    ];
    for stand in stands {
        let mut sink = stand.sink();
        sink.open(None).unwrap();
        let mut commits = commits().into_iter();
        commits.by_ref().take(7).for_each(|commit| sink.write(&commit).unwrap());
        let stored = sink.sync().unwrap();
        assert_eq!(sink.notice(), None, "nothing was there before");
        commits.next().iter().for_each(|commit| sink.write(commit).unwrap());
        sink.sync().unwrap();
        drop(sink);
        for cut in [true, false] {
            let mut again = stand.sink();
            again.open(Some(&stored)).unwrap();
            assert_eq!(again.notice().is_some_and(|notice| notice.contains("were cut")), cut);
        }
    }
}
