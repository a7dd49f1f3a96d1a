"""Words that tell nothing about what a text is about, as `words` folds them."""

# ruff: noqa: SIM905 a list of words reads best as words

GERMAN = frozenset(
    """
    ab aber alle allem allen aller alles als also am an andere anderen anderer anderes auch auf aus
    bei beim bin bis bist da dabei dadurch dafur damit dann daran darauf daraus darf darin daruber
    darum das dass davon dazu dein deine deinem deinen deiner dem den denen denn der deren des
    dessen dich die dies diese diesem diesen dieser dieses dir doch dort du durch ein eine einem
    einen einer eines er es etwa etwas euch euer eure fur gab gegen geht gibt ganz habe haben hat
    hatte hatten hier hin ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres im in ins ist ja je
    jede jedem jeden jeder jedes jener jetzt kann kannst kein keine keinem keinen keiner konnen
    konnte konnten machen man mal mehr mein meine meinem meinen meiner mich mir mit muss mussen
    musste nach nachdem nicht nichts noch nun nur ob oder ohne sehr sei sein seine seinem seinen
    seiner seines seit sich sie sind so solche soll sollen sollte sollten sondern sowie statt uber
    um und uns unser unsere unserem unseren unserer unter vom von vor wann war waren warum was
    weil welche welchem welchen welcher welches wem wen wenn wer werde werden wessen wie wieder
    wieso wieviel wird wir wo wobei wodurch wofur wohin womit woran woraus worin wurde wurden
    wahrend wegen will wollen wollte zu zum zur zwar zwischen
    """.split()
)
ENGLISH = frozenset(
    """
    a about after all also although am an and any are as at be because been before being between
    both but by can could did do does doing done during each either for from further had has have
    having he her here hers him his how i if in into is it its itself just may me might more most
    must my neither no nor not of off on once only or other our out over own per shall she should
    since so some such than that the their theirs them then there these they this those through to
    too under until up upon us very via was we were what when where whether which while who whom
    whose why will with within without would you your yours
    """.split()
)
