"""Given names that count as the same name in several languages; machines swap them as if they translated."""

from __future__ import annotations

from functools import lru_cache

# Each line: one name, from own knowledge of European name-days and of Slavic pairs; folded to ASCII, lower case.
_SAME = """
adrian adriano adrien hadrian
albert alberto adalbert
alexander aleksandr alexandr oleksandr aleksander alejandro alessandro alexandre alexandros alexandru aliaksandr
alexander aleksandar aleksandr
alexandra aleksandra oleksandra alejandra alessandra
alfred alfredo
alphonse alfonso alfons alfonz
alexey aleksei alexei oleksiy oleksii alexis alexej aliaksei
andrew andrei andrey andriy andrii andreas andres andre andrzej andrea andrej ondrej
anna anne ana anya hanna
anthony antonio antoine anton antony antoni antonin antonius
arkady arkadi arkadiy arkadiusz
arthur artur arturo
augustine agustin augustin agostino augustyn
aurelius aurelio aurel aurelien
barbara varvara
basil vasily vasili vasyl vasil basilio vasileios vasile
bartholomew bartolome bartolomeo bartosz bartlomiej
benedict benedikt benedetto benoit benito
bernard bernhard bernardo
bogdan bohdan
boris borys
cecilia cecile cecylia
catherine katherine ekaterina yekaterina kateryna katarina katarzyna caterina catalina katerina kathrin ecaterina
catherine karina
charles carlos carlo karl carl karel karol carles
christian kristian cristian christiaan
christopher kristof cristobal cristoforo christophe christoph krzysztof kryštof
clement klement clemente kliment
constantine konstantin konstantinos constantin kostiantyn costantino kostyantyn
cyril kirill kyrylo kiril cirilo
daniel daniil danylo danilo daniele danil
david dawid davide davit dovid
dennis denis denys dionisio
dmitry dmitri dmytro dimitri demetrius dimitrios dmitriy dumitru
dominic dominik domingo domenico dominique
edward eduard eduardo edoardo edouard edvard
elizabeth elisabeth yelizaveta elizaveta yelyzaveta isabel elisabetta elzbieta alzbeta
emanuel manuel emmanuel manoel immanuel
emil emilio emile
emily emilia emilie
ernest ernst ernesto arnost
eugene yevgeny evgeny yevhen eugenio evgeni yevgeniy eugeniusz evzen
eve eva ewa yeva
felix feliks felice
ferdinand fernando ferdinando hernando
francis francisco francesco francois francesc franz frantisek franciszek ferenc frans
frederick frederic friedrich federico frederik fryderyk fredrik bedrich
gabriel gavriil gabriele havryil
gennady gennadi hennadiy henadiy
george georgy georgi heorhiy jorge giorgio georges georg jerzy jiri yuri yury yurii yuriy georgios gheorghe
gerard gerardo gerhard gerhardt
gregory grigory hryhoriy gregorio gregor grzegorz grigore gregoire rehor
gustav gustavo gustave gustaf
helen elena helena olena yelena helene elene
henry henri enrique enrico heinrich hendrik henrique henrik henryk jindrich
herman hermann germano
hilary hilario ilario
horace horacio orazio
hugo hugh ugo
ignatius ignacio ignazio ignacy hnat
igor ihor
ilya illia elijah elias eliya ilie
irene irina iryna irena
isaac isaak izaak
jacob james iakov jakub jacques giacomo jaime yakov jakob diego santiago jacobo yakiv
jerome jeronimo geronimo hieronim girolamo
joachim joaquin joaquim gioacchino jachym
john ivan juan jean johann giovanni joao jan johannes ioannis yahya sean ian hans janos ion jovan johan
joseph jose josep giuseppe josef iosif yosyp jozef yosef josep yousef
judith judit yehudit
julia yulia yuliya giulia julie iuliia
julius julio giulio jules yuliy
lawrence laurence laurent lorenzo lavrentiy lars laurentius vavrinec
leo lev leon leonid leonidas
leonard leonardo leonhard
louis luis lluis luigi ludwig lodewijk ludvik ludwik lajos
lucy lucia lucie
lydia lidia lidiya lidija
luke lucas luca lukas luc lukasz lukash
magdalene magdalena madeleine maddalena
margaret margarita margherita marguerite margarethe malgorzata marketa margareta
marcel marcelo marcello marceli
marian mariano
mark marc marco marcos marko marek marcus markus
martin marcin martino martyn marton
mary maria marie mariya marija mariia
matthew mateo matteo matthias matvey mateusz matthieu matei matej
maurice mauricio maurizio moritz maurits
maxim maksim maksym massimo maximo
michael mikhail mykhailo miguel michele michel mikael mihail michal mihai mikhailo mykhaylo michail
miroslav miroslaw
moses moisei moises mose moshe musa
nadia nadezhda nadiya nadja
natalie natalia nataliya natalya natalija
nicholas nikolai mykola nicolas nicola nikolay nikolaos nikolaus niklas mikolaj mikalai miklos nicolae
oleg oleh aleh
olga olha volha
oscar oskar
patrick patricio patrizio patrik
paul pavel pavlo pablo pau paolo pawel paulo pal paavo
peter pyotr petro pedro pietro pierre piotr petr petros petar petru pieter
philip filip felipe filippo philippe filipp pylyp
rachel raquel rahel
raphael rafael raffaele rafal
raymond ramon raimondo raimund
rene renato renatus
richard ricardo riccardo ryszard rikard
robert roberto ruprecht rupert
roland rolando orlando
roman romano romain romanus
rudolf rodolfo rudolph rodolphe
salvador salvatore
samuel samuil samuele samuli
sebastian sebastien sebastiano bastian
sarah sara
serge sergei sergey serhiy serhii sergio sergiu siarhei sergii
sigmund zygmunt sigismund segismundo zikmund
simon semyon simeon simone szymon semen
sophia sofia sofiya sofie zofia
stanislav stanislaw stanislaus estanislao stanislas
sylvester silvester silvestre
stephen stefan stepan esteban stefano etienne istvan steven stephan stepan stjepan
susan susanna susana suzanne zuzana
tatiana tatyana tetiana tetyana tatjana
thaddeus tadeusz tadeas tadeo
theresa teresa therese tereza
theodore fyodor teodoro fedir teodor theodor fedor
thomas tomas tommaso tomasz toma
timothy timofey timoteo tymofiy
ulrich ulrik oldrich ulrico
ursula urszula orsolya
valentine valentin valentino valentyn
valery valeriy valerio valerii
veronica veronika veronique
victor viktor vittorio vittore
vincent vicente vincenzo vincenz wincenty
vitaly vitaliy vitalii vitale
vladimir volodymyr waldemar wladimir uladzimir vladymyr
vladislav ladislav wladyslaw vladyslav ladislaus laszlo
vsevolod vsevolad
vyacheslav viacheslav wenceslas vaclav waclaw
walter walther gualtiero
william wilhelm guillermo guglielmo guillaume willem vilem guilherme vilmos
xavier javier saverio
yaroslav jaroslav jaroslaw
zachary zacarias zaccaria zakhar
muhammad mohammed mohamed mehmet mohammad muhammed muhammet
ahmad ahmed ahmet
ali aly
hussein husayn hossein husain huseyin hussain
hasan hassan
yusuf youssef yousef yousuf
omar umar umer omer
osman uthman othman usman
ibrahim abraham ebrahim ibrahima
ismail ishmael esmail
sulaiman suleiman solomon suleyman salomon
khalid khaled halit
abdullah abdallah abdulla
mustafa mostafa moustafa
mahmoud mahmud mehmood
ishaq yishaq yitzhak
yaqub yacoub yaakov
"""
_MOST = 8


@lru_cache(maxsize=1)
def _table() -> dict[str, tuple[str, ...]]:
    table: dict[str, dict[str, None]] = {}
    for line in _SAME.split("\n"):
        names = line.split()
        for name in names:
            table.setdefault(name, {}).update(dict.fromkeys(n for n in names if n != name))
    return {name: tuple(others) for name, others in table.items()}


def equivalents(name: str) -> tuple[str, ...]:
    """What a lower-case given name is in other languages, the English form first where there is one."""
    return _table().get(name, ())[:_MOST]


def are_equivalent(a: str, b: str) -> bool:
    """Whether two lower-case given names are one name in two languages: *Juan* and *Jean*."""
    return b in _table().get(a, ())


def is_given_name(word: str) -> bool:
    """Whether a lower-case word is one of them."""
    return word in _table()
